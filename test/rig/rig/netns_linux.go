package rig

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// inNetns runs f on a thread that is in the network namespace of a file. What f
// opens stays in that namespace; goroutines that f starts are not in it.
func inNetns(file string, f func() error) error {
	runtime.LockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer home.Close()
	there, err := os.Open(file)
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("the rig's host is gone: %w", err)
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter the rig's network: %w", err)
	}
	failed := f()
	if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("leave the rig's network: %w", err) // the thread stays locked and ends with its goroutine
	}
	runtime.UnlockOSThread()
	return failed
}

// dieWithParent kills a command when this process dies.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
