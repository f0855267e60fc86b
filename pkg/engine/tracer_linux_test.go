package engine

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// traced is a process of this test's program whose system calls are counted.
type traced struct {
	stdin  io.WriteCloser
	stdout *bufio.Reader

	mu    sync.Mutex
	calls map[uintptr]int
}

// trace starts this test's program anew, to run one test alone, and counts its
// system calls. It ends when its standard input does. Where no process may be
// traced the test is skipped.
func trace(t *testing.T, test string, env ...string) *traced {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &traced{stdin: stdin, stdout: bufio.NewReader(stdout), calls: map[uintptr]int{}}
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // to which the traced process belongs; it ends with this goroutine
		err := cmd.Start()
		if err == nil {
			err = p.begin(cmd.Process.Pid)
		}
		started <- err
		if err == nil {
			p.follow(cmd.Process.Pid)
		}
	}()
	if err := <-started; err != nil {
		t.Skipf("skipped: a process cannot be traced here: %v", err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		<-ended
		_ = stdout.Close()
	})
	return p
}

// begin takes the stop after exec, and asks for stops at system calls.
func (p *traced) begin(pid int) error {
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, unix.WALL, nil); err != nil {
		return os.NewSyscallError("wait4", err)
	}
	options := unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(pid, options); err != nil {
		return os.NewSyscallError("ptrace", err)
	}
	if _, err := p.entered(pid); err != nil {
		_ = unix.Kill(pid, unix.SIGKILL)
		return err
	}
	return os.NewSyscallError("ptrace", unix.PtraceSyscall(pid, 0))
}

// follow counts until the process ends.
func (p *traced) follow(process int) {
	for {
		var status unix.WaitStatus
		thread, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil, thread == process && !status.Stopped():
			return
		case !status.Stopped():
			continue
		}
		signal := 0
		switch stop := status.StopSignal(); stop {
		case unix.SIGTRAP | 0x80:
			if call, err := p.entered(thread); err == nil && call != nil {
				p.mu.Lock()
				p.calls[*call]++
				p.mu.Unlock()
			}
		case unix.SIGTRAP, unix.SIGSTOP: // a new thread
		default:
			signal = int(stop)
		}
		_ = unix.PtraceSyscall(thread, signal)
	}
}

// entered returns the system call that a stopped thread is about to make; nil
// when it has made it.
func (p *traced) entered(thread int) (*uintptr, error) {
	const getSyscallInfo, entry = 0x420e, 1 // see ptrace(2)
	var info struct {
		op     uint8
		_      [3]uint8
		_      uint32
		_, _   uint64
		number uint64
		_      [64]byte
	}
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, getSyscallInfo, uintptr(thread),
		unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("ptrace", errno)
	}
	if info.op != entry {
		return nil, nil
	}
	number := uintptr(info.number)
	return &number, nil
}

// counted returns the system calls so far, by their numbers.
func (p *traced) counted() map[uintptr]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.calls)
}

// ask sends the process a line, and scans its answer.
func (p *traced) ask(t *testing.T, question string, answer any) {
	t.Helper()
	if _, err := fmt.Fprintln(p.stdin, question); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscanln(p.stdout, answer); err != nil {
		t.Fatal(err)
	}
}
