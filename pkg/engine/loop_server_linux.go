package engine

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// loopServer takes TCP connections at one address, for the loops. Whichever is
// idle takes the next one.
type loopServer struct {
	engine *Engine
	loops  []*loop
	// forward is the last binding that forwards; nil before there was one.
	forward atomic.Pointer[binding]

	// mu is held for reading while a connection is taken.
	mu     sync.RWMutex
	fd     int
	closed bool
	// drops tells that no new connection is to be answered, and silent that
	// the kernel could not be told so: they are left in the listener's queue.
	drops, silent bool
	// pause is how long no connection is taken when none can be had, for want
	// of descriptors or memory; 0 while that is well.
	pause time.Duration
}

// newServer has loops serve a listener, which it closes.
func newServer(e *Engine, b *binding, listener *net.TCPListener) (server, error) {
	loops, err := e.loops.get(e)
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	fd, err := duplicate(listener)
	if err != nil {
		return nil, err
	}
	s := &loopServer{engine: e, loops: loops, fd: fd}
	s.update(b)
	s.watch()
	return s, nil
}

func (s *loopServer) update(b *binding) {
	if b.verdict.Action == route.Forward {
		s.forward.Store(b)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	drops := b.verdict.Action == route.Drop
	if drops == s.drops {
		return
	}
	s.drops = drops
	failed := setDeaf(s.fd, drops) != nil
	switch {
	case drops && failed:
		s.silent = true
		s.unwatch()
	case s.silent:
		s.silent = false
		s.watch()
	}
}

// watch has the loops told of new connections, one of them of each.
func (s *loopServer) watch() {
	for _, l := range s.loops {
		l.post(func() {
			s.mu.RLock()
			defer s.mu.RUnlock()
			if !s.closed && !s.silent && !l.watches(s.fd, s) && l.watch(s.fd, s, unix.EPOLLIN|unix.EPOLLEXCLUSIVE) != nil {
				go s.rest()
			}
		})
	}
}

func (s *loopServer) unwatch() {
	for _, l := range s.loops {
		l.post(func() { l.unwatch(s.fd, s) })
	}
}

// ready takes one connection. Whether there are more epoll tells the loop that
// is idle then.
func (s *loopServer) ready(l *loop, _ uint32) {
	s.mu.RLock()
	if s.closed || s.silent {
		s.mu.RUnlock()
		return
	}
	fd, from, err := accept(s.fd)
	well := s.pause == 0
	s.mu.RUnlock()
	switch {
	case errors.Is(err, unix.EAGAIN):
	case err != nil:
		s.engine.open.short(s.engine, err)
		s.rest()
	default:
		if !well {
			s.recover()
		}
		if p := s.admit(l, fd); p != nil {
			p.begin(from)
		}
	}
}

// rest takes no connections for a while, each time a longer one.
func (s *loopServer) rest() {
	const shortest, longest = 5 * time.Millisecond, time.Second
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pause = min(max(2*s.pause, shortest), longest)
	s.unwatch()
	time.AfterFunc(s.pause, s.watch)
}

func (s *loopServer) recover() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pause = 0
}

// admit takes a client in. One that the last binding can lead nowhere, or that
// is too many, is reset; it returns nil then.
func (s *loopServer) admit(l *loop, fd int) *pair {
	p := newPair(s, l, fd)
	if s.forward.Load() == nil || s.engine.open.add(s.engine, p) != nil {
		closeSocket(fd, true)
		return nil
	}
	return p
}

// close serves those who had a connection already, as far as the kernel is
// concerned, and refuses who comes now.
func (s *loopServer) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if setDeaf(s.fd, true) == nil {
		s.takeAll()
	}
	s.unwatch()
	_ = unix.Close(s.fd)
}

// takeAll gives the loops what is in the listener's queue, in turn.
func (s *loopServer) takeAll() {
	for i := 0; ; i++ {
		fd, from, err := accept(s.fd)
		if err != nil {
			return
		}
		l := s.loops[i%len(s.loops)]
		if p := s.admit(l, fd); p != nil {
			l.post(func() { p.begin(from) })
		}
	}
}

// address returns where to connect to for an endpoint; false when there is no
// such address.
func (e *Engine) address(to *Target) (netip.AddrPort, bool) {
	if d, ok := e.options.Dialer.(Addresser); ok {
		return d.Address(to)
	}
	return netip.AddrPort{}, false
}
