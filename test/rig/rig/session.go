package rig

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/process"
)

// Main runs the tests of a binary and ends the rigs that they started, also
// when it is interrupted; the result is for os.Exit. A test binary that uses
// rigs needs it in TestMain.
func Main(m *testing.M) int {
	if code, ok := process.Main(); ok {
		return code
	}
	current.manage()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	done := make(chan int)
	go func() { done <- m.Run() }()
	select {
	case code := <-done:
		return current.end(code, code != 0)
	case s := <-signals:
		_, _ = fmt.Fprintf(os.Stderr, "rig: %v: ending\n", s)
		current.end(0, false)
		return 128 + int(s.(syscall.Signal))
	}
}

// Parent is for programs other than tests that start rigs: it must be the first
// thing in main, and where it reports true, main must exit with the code.
func Parent() (code int, ok bool) { return process.Main() }

// current holds what this process has started. Tests in one binary have nothing
// else in common by which they could share a rig.
var current session //nolint:gochecknoglobals // see above

type session struct {
	mu      sync.Mutex
	isMain  bool
	byOpts  map[options]*Cluster
	running []*Cluster
}

func (s *session) manage() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isMain = true
	s.byOpts = map[options]*Cluster{}
}

func (s *session) managed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.isMain
}

// shared returns the rig with the options, starting it if need be. Rigs start
// one after the other: two at once would take twice as long each.
func (s *session) shared(ctx context.Context, o options) (*Cluster, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.byOpts[o]; c != nil {
		return c, nil
	}
	c, err := launch(ctx, o, false)
	if err != nil {
		return nil, err
	}
	s.byOpts[o] = c
	s.running = append(s.running, c)
	return c, nil
}

func (s *session) add(c *Cluster) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = append(s.running, c)
}

func (s *session) remove(c *Cluster) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = slices.DeleteFunc(s.running, func(r *Cluster) bool { return r == c })
}

// end ends all rigs and returns the exit code, which is not 0 if that fails.
func (s *session) end(code int, keepLogs bool) int {
	if !s.mu.TryLock() {
		return code // a rig is just starting: it ends because this process does
	}
	defer s.mu.Unlock()
	for _, c := range s.running {
		if err := c.End(keepLogs); err != nil {
			_, _ = fmt.Fprintf(os.Stderr, "rig: %v\n", err)
			code = max(code, 1)
		}
		if keepLogs {
			_, _ = fmt.Fprintf(os.Stderr, "rig: logs of %s are kept in %s\n", c.ID(), c.Logs())
		}
	}
	s.running = nil
	return code
}
