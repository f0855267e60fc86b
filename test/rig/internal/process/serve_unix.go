//go:build unix

package process

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/rpc"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// readyFile is the descriptor on which the parent says that it serves.
const readyFile = 3

func serve(c Config) error {
	if c.Namespaced {
		if err := isolate(c); err != nil {
			return err
		}
	}
	socket := filepath.Join(c.Dir, SocketName)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	p := &parent{Config: c, children: newChildren(c.Logs()), end: make(chan Ending)}
	server := rpc.NewServer()
	if err := server.RegisterName("Rig", &service{p}); err != nil {
		return err
	}
	go server.Accept(listener)
	ready := os.NewFile(readyFile, "ready")
	if _, err := ready.WriteString("ready\n"); err != nil {
		return err
	}
	_ = ready.Close()
	ending := p.untilEnd()
	p.children.endAll(c.Namespaced)
	return cleanUp(c, ending.KeepLogs)
}

type parent struct {
	Config
	children *children
	links    links
	end      chan Ending
	once     sync.Once
}

// untilEnd waits for the request to end, a signal, or the owner's death.
func (p *parent) untilEnd() Ending {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	gone := make(chan struct{})
	if !p.Detached {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // ends when the owner's end is closed
			close(gone)
		}()
	}
	select {
	case e := <-p.end:
		return e
	case <-signals:
	case <-gone:
	}
	return Ending{}
}

// endAll kills every program; a first process also what they left behind.
func (c *children) endAll(namespaced bool) {
	if namespaced && os.Getpid() == 1 {
		_ = syscall.Kill(-1, syscall.SIGKILL)
	}
	c.killAll()
}

// cleanUp removes what outlives processes.
func cleanUp(c Config, keepLogs bool) error {
	if err := RemoveCgroup(c.Cgroup); err != nil {
		return err
	}
	unmountData(c)
	if !keepLogs {
		return removeAll(c.Dir)
	}
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if path := filepath.Join(c.Dir, e.Name()); path != c.Logs() {
			err = errors.Join(err, removeAll(path))
		}
	}
	return err
}

// service is what the parent offers on its socket.
type service struct{ parent *parent }

// Start runs a program in the background.
func (s *service) Start(spec Spec, _ *struct{}) error { return s.parent.children.daemon(spec) }

// Stop ends a program and waits for its end.
func (s *service) Stop(stop Stop, _ *struct{}) error { return s.parent.children.stop(stop) }

// Wait waits until a program ends.
func (s *service) Wait(name string, out *Status) error {
	ch, err := s.parent.children.named(name)
	if err != nil {
		return err
	}
	<-ch.done
	*out = ch.state()
	return nil
}

// Statuses lists the programs.
func (s *service) Statuses(_ struct{}, out *[]Status) error {
	*out = s.parent.children.statuses()
	return nil
}

// KillCgroup kills every process in a cgroup and below.
func (s *service) KillCgroup(name string, _ *struct{}) error {
	for range 100 {
		pids := cgroupPids(name)
		if len(pids) == 0 {
			return nil
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond) // others than children end without an event
	}
	return fmt.Errorf("processes of cgroup %s do not end", name)
}

// Run runs a program to its end.
func (s *service) Run(spec Spec, out *Result) error {
	stdin, feed, err := os.Pipe()
	if err != nil {
		return err
	}
	output, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer output.Close()
	spec.Name = ""
	ch, err := s.parent.children.start(spec, stdin, in)
	_, _ = stdin.Close(), in.Close()
	if err != nil {
		_ = feed.Close()
		return err
	}
	go func() {
		_, _ = io.WriteString(feed, spec.Stdin) // a program need not read it all
		_ = feed.Close()
	}()
	if out.Output, err = io.ReadAll(output); err != nil {
		return fmt.Errorf("read output of %s: %w", spec.Args[0], err)
	}
	<-ch.done
	out.Code = ch.status.ExitStatus()
	return nil
}

// End ends the rig. The answer comes before the end: wait for the process.
func (s *service) End(e Ending, _ *struct{}) error {
	s.parent.once.Do(func() { go func() { s.parent.end <- e }() })
	return nil
}
