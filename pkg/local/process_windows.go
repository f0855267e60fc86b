package local

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// shell is a command that the command processor reads. When ctx ends, it is
// ended: Windows has nothing gentler for programs without a window.
func shell(ctx context.Context, line string) *exec.Cmd {
	command := exec.CommandContext(ctx, "cmd.exe")
	command.SysProcAttr = &syscall.SysProcAttr{
		CmdLine: `cmd.exe /S /C "` + line + `"`, CreationFlags: windows.CREATE_NEW_PROCESS_GROUP,
	}
	return command
}

// family is a command and all that it has started: a job object, whose
// processes end with its last handle, which is this process's.
type family struct{ job windows.Handle }

func start(command *exec.Cmd, _ bool) (*family, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, fmt.Errorf("cannot make a job object: %w", err)
	}
	f := &family{job}
	info := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))); err != nil {
		f.end()
		return nil, fmt.Errorf("cannot limit a job object: %w", err)
	}
	command.Cancel = func() error {
		_ = windows.TerminateJobObject(job, 1) // what holds the command's output, too, for whose end Wait would wait
		return command.Process.Kill()
	}
	if err := command.Start(); err != nil {
		f.end()
		return nil, fmt.Errorf("cannot start: %w", err)
	}
	if err := f.take(uint32(command.Process.Pid)); err != nil {
		_ = command.Process.Kill()
		_ = command.Wait()
		f.end()
		return nil, err
	}
	return f, nil
}

func (f *family) take(pid uint32) error {
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, pid)
	if err != nil {
		return fmt.Errorf("cannot open the process: %w", err)
	}
	defer windows.CloseHandle(process) //nolint:errcheck // it is open
	if err := windows.AssignProcessToJobObject(f.job, process); err != nil {
		return fmt.Errorf("cannot put the process into its job object: %w", err)
	}
	return nil
}

// kill ends the family at once, before end.
func (f *family) kill() { _ = windows.TerminateJobObject(f.job, 1) }

// end ends what is left of the family.
func (f *family) end() { _ = windows.CloseHandle(f.job) }
