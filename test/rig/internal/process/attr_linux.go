package process

import "syscall"

// childAttr makes a program die with the parent. The kernel ties that to the
// thread that started it; no thread of the parent ever ends before the parent.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// parentAttr detaches the parent from the terminal, whose Ctrl-C is for the
// owner, and gives it namespaces of its own.
func parentAttr(namespaced bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if namespaced {
		attr.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC
	}
	return attr
}
