// Command kubectl-nodeport is a kubectl plugin for NodePort services.
package main

import (
	"os"

	"github.com/go-logr/logr"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // the kubeconfig's ways to log in
	"k8s.io/klog/v2"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cli"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
)

func main() { os.Exit(run()) }

func run() int {
	engine.SpareProcessor()
	klog.SetLogger(logr.Discard()) // what the client library logs is in its errors, too
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	return cli.RunProcess(os.Args[1:], streams)
}
