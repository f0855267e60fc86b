package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// supervisor is the parent of one command, in a process of its own. It is a
// subreaper: whatever the command has started and left, in whatever session,
// becomes its child. So it knows all of them, and signals only children that it
// has not waited for, whose numbers nobody else can have.
type supervisor struct {
	command  int
	children chan os.Signal
	// term is asked by the run to end the command, and gone is closed when the
	// run has ended, or does not want to wait.
	term chan os.Signal
	gone chan struct{}
}

// Supervise runs a command line with the system's shell, and returns when it and
// all that it has started have ended: by itself, on SIGTERM, or at once when
// standard input ends. It is to be the only thing that its process does. The
// code is what the process is to exit with.
func Supervise(line string) (code int) {
	// The command is to end with the thread that has started it.
	runtime.LockOSThread()
	s := &supervisor{children: make(chan os.Signal, 1), term: make(chan os.Signal, 1), gone: make(chan struct{})}
	signal.Notify(s.children, syscall.SIGCHLD)
	signal.Notify(s.term, syscall.SIGTERM)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return cannotSupervise(err)
	}
	process, err := startShell(line)
	if err != nil {
		return cannotSupervise(err)
	}
	s.command = process.Pid
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(s.gone)
	}()
	status := s.wait()
	s.endRest()
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

func cannotSupervise(err error) int {
	const cannot = 126 // as a shell has it
	fmt.Fprintln(os.Stderr, "cannot start:", err)
	return cannot
}

// startShell starts a shell in a process group of its own, without standard
// input.
func startShell(line string) (*os.Process, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	return os.StartProcess("/bin/sh", []string{"/bin/sh", "-c", line}, &os.ProcAttr{
		Files: []*os.File{null, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	})
}

// wait returns when the command has ended. A command that is asked to end and
// does not within the grace is killed.
func (s *supervisor) wait() syscall.WaitStatus {
	var late <-chan time.Time
	gone := s.gone
	for {
		select {
		case <-s.children:
			if status, ended := s.reap(); ended {
				return status
			}
		case <-s.term:
			_ = syscall.Kill(-s.command, syscall.SIGTERM)
			if late == nil {
				late = time.After(grace)
			}
		case <-late:
			_ = syscall.Kill(-s.command, syscall.SIGKILL)
		case <-gone:
			_ = syscall.Kill(-s.command, syscall.SIGKILL)
			gone = nil
		}
	}
}

// reap waits for the children that have ended, and reports whether the command
// was among them, and how it ended.
func (s *supervisor) reap() (status syscall.WaitStatus, ended bool) {
	for {
		var last syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &last, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil || pid == 0:
			return status, ended
		case pid == s.command:
			status, ended = last, true
		}
	}
}

// endRest kills what the command has left, until nothing is left. The children
// of what was killed become children of this process, and are next.
func (s *supervisor) endRest() {
	again := time.NewTicker(10 * time.Millisecond) // a child that came between has no signal of its own
	defer again.Stop()
	limit := time.After(grace)
	for {
		for _, pid := range childrenOf(os.Getpid()) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if _, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); errors.Is(err, syscall.ECHILD) {
			return
		}
		s.reap()
		select {
		case <-s.children:
		case <-again.C:
		case <-limit: // of another user, or stuck in the kernel
			return
		}
	}
}

// childrenOf returns the children of a process, those that have ended as well.
func childrenOf(parent int) []int {
	entries, _ := os.ReadDir("/proc")
	var children []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat"))
		if err != nil {
			continue
		}
		// The name in parentheses may hold anything; state and parent follow.
		_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			children = append(children, pid)
		}
	}
	return children
}
