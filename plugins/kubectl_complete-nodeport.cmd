@echo off
rem kubectl calls this to complete what follows "kubectl nodeport".
kubectl-nodeport.exe __complete %*
