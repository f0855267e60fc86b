//go:build unix

package local

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// shell is a command that a shell reads, in a process group of its own. When
// ctx ends, the group is asked to end.
func shell(ctx context.Context, line string) *exec.Cmd {
	command := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	return command
}

// family is a command and all that it has started.
type family struct {
	group int
	guard *exec.Cmd
	alive io.Closer
}

// start starts a command, with a guard that ends its family when this process
// is killed: the guard waits for the end of a pipe that only this process
// writes to.
func start(command *exec.Cmd) (*family, error) {
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	f := &family{group: command.Process.Pid}
	f.guard = exec.Command("/bin/sh", "-c", "read _; kill -KILL -"+strconv.Itoa(f.group))
	f.guard.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, err := f.guard.StdinPipe()
	if err == nil {
		f.alive = alive
		err = f.guard.Start()
	}
	if err != nil {
		_ = syscall.Kill(-f.group, syscall.SIGKILL)
		_ = command.Wait()
		return nil, fmt.Errorf("cannot guard: %w", err)
	}
	return f, nil
}

// end ends what is left of the family.
func (f *family) end() {
	_ = syscall.Kill(-f.group, syscall.SIGKILL)
	_ = f.guard.Process.Kill()
	_ = f.alive.Close()
	_ = f.guard.Wait()
}
