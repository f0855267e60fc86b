//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// children starts programs and reaps them, and every orphan that a first
// process inherits. One wait loop serves both, so nobody else in the process
// may wait for children.
type children struct {
	logs string

	mu      sync.Mutex
	started *sync.Cond
	byPid   map[int]*child
	byName  map[string]*child
}

type child struct {
	name string
	pid  int
	done chan struct{}
	// status is valid once done is closed.
	status syscall.WaitStatus
}

func newChildren(logs string) *children {
	c := &children{logs: logs, byPid: map[int]*child{}, byName: map[string]*child{}}
	c.started = sync.NewCond(&c.mu)
	go c.reap()
	return c
}

func (c *children) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.ECHILD):
			c.mu.Lock()
			for len(c.byPid) == 0 {
				c.started.Wait()
			}
			c.mu.Unlock()
		case err == nil:
			c.ended(pid, status)
		}
	}
}

func (c *children) ended(pid int, status syscall.WaitStatus) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch := c.byPid[pid]; ch != nil {
		delete(c.byPid, pid)
		ch.status = status
		close(ch.done)
	}
}

// start runs a program in the background; its output goes to out.
func (c *children) start(s Spec, stdin, out *os.File) (*child, error) {
	args := s.command()
	path, err := exec.LookPath(args[0])
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.Name != "" {
		if old := c.byName[s.Name]; old != nil && !old.exited() {
			return nil, fmt.Errorf("%s is running already", s.Name)
		}
	}
	pid, err := syscall.ForkExec(path, args, &syscall.ProcAttr{
		Env:   append(os.Environ(), s.Env...),
		Files: []uintptr{stdin.Fd(), out.Fd(), out.Fd()},
		Sys:   childAttr(),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", path, err)
	}
	ch := &child{name: s.Name, pid: pid, done: make(chan struct{})}
	c.byPid[pid] = ch
	if s.Name != "" {
		c.byName[s.Name] = ch
	}
	c.started.Broadcast()
	return ch, nil
}

// daemon starts a program whose output goes to its log.
func (c *children) daemon(s Spec) error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	log, err := os.OpenFile(filepath.Join(c.logs, s.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	_, err = c.start(s, null, log)
	return err
}

func (c *children) named(name string) (*child, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch := c.byName[name]; ch != nil {
		return ch, nil
	}
	return nil, fmt.Errorf("no program %q was started", name)
}

func (c *children) stop(s Stop) error {
	ch, err := c.named(s.Name)
	if err != nil {
		return err
	}
	if s.Grace > 0 {
		ch.signal(syscall.SIGTERM)
		select {
		case <-ch.done:
			return nil
		case <-time.After(s.Grace):
		}
	}
	ch.signal(syscall.SIGKILL)
	<-ch.done
	return nil
}

func (c *children) killAll() {
	c.mu.Lock()
	all := make([]*child, 0, len(c.byPid))
	for _, ch := range c.byPid {
		all = append(all, ch)
	}
	c.mu.Unlock()
	for _, ch := range all {
		ch.signal(syscall.SIGKILL)
	}
	for _, ch := range all {
		<-ch.done
	}
}

func (c *children) statuses() []Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Status
	for _, ch := range c.byName {
		all = append(all, ch.state())
	}
	return all
}

func (c *child) signal(sig syscall.Signal) {
	if !c.exited() {
		_ = syscall.Kill(c.pid, sig) // it may have ended a moment ago
	}
}

func (c *child) exited() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c *child) state() Status {
	s := Status{Name: c.name, Pid: c.pid}
	if c.exited() {
		s.Exited = fmt.Sprintf("exit code %d", c.status.ExitStatus())
		if c.status.Signaled() {
			s.Exited = "killed by " + c.status.Signal().String()
		}
	}
	return s
}
