//go:build unix

package local

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// shell is a command that a shell reads.
func shell(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "/bin/sh", "-c", line)
}

// family is a command and what it has started. Its guard ends it when this
// process is killed: it waits for the end of a pipe that only this process
// writes to.
type family struct {
	alive io.Closer
	// group leads the process group of the family. It is waited for last, so that
	// the number of the group is nobody else's. It is nil under a supervisor,
	// which does all this by itself.
	group *exec.Cmd
}

// start starts a command, which ends softly when its context does.
func start(command *exec.Cmd, supervised bool) (*family, error) {
	if supervised {
		return startSupervised(command)
	}
	f := &family{group: exec.Command("/bin/sh", "-c", "trap '' TERM; read _; kill -KILL 0")}
	f.group.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, err := f.group.StdinPipe()
	if err == nil {
		err = f.group.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("cannot guard: %w", err)
	}
	f.alive = alive
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: f.group.Process.Pid}
	command.Cancel = func() error { return f.signal(syscall.SIGTERM) }
	if err := command.Start(); err != nil {
		f.end()
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	return f, nil
}

func startSupervised(command *exec.Cmd) (*family, error) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	alive, err := command.StdinPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	return &family{alive: alive}, nil
}

// signal signals the whole group, before its leader was waited for.
func (f *family) signal(signal syscall.Signal) error {
	return syscall.Kill(-f.group.Process.Pid, signal)
}

// kill ends the family at once, before end.
func (f *family) kill() { _ = f.alive.Close() }

// end ends what is left of the family.
func (f *family) end() {
	if f.group == nil {
		return
	}
	_ = f.signal(syscall.SIGKILL)
	_ = f.group.Wait()
}
