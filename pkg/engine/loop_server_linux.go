package engine

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// loopServer takes TCP connections at one address, for the loops.
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
	// of descriptors or memory; 0 while that is well. resting tells that it
	// goes on.
	pause   time.Duration
	resting bool
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
			if s.closed || s.silent || s.resting || l.watches(s.fd, s) {
				return
			}
			if err := l.watch(s.fd, s, unix.EPOLLIN|unix.EPOLLEXCLUSIVE); err != nil {
				go s.rest(err)
			}
		})
	}
}

func (s *loopServer) unwatch() {
	for _, l := range s.loops {
		l.post(func() { l.unwatch(s.fd, s) })
	}
}

// acceptBurst is how many connections a busy event loop takes at a time.
const acceptBurst = 4

// ready takes one connection. If there are more, epoll reports them to the event
// loop that is idle then. One that has other events at the same time is busy
// and takes some more, which saves it a wait for each.
func (s *loopServer) ready(l *loop, _ uint32) {
	most := 1
	if l.events > 1 {
		most = acceptBurst
	}
	for range most {
		if !s.accept(l) {
			return
		}
	}
}

// accept takes one connection, and reports whether it did.
func (s *loopServer) accept(l *loop) bool {
	s.mu.RLock()
	if s.closed || s.silent {
		s.mu.RUnlock()
		return false
	}
	fd, from, err := accept(s.fd)
	well := s.pause == 0
	s.mu.RUnlock()
	switch {
	case errors.Is(err, unix.EAGAIN):
	case err != nil:
		s.rest(err)
	default:
		if !well {
			s.recovered()
		}
		s.take(l, fd, from)
		return true
	}
	return false
}

// take has a client served by the event loop that took it, unless another one
// has clearly fewer: of two that are idle, the kernel asks the same each time.
// Handing a client over costs a wake-up.
func (s *loopServer) take(l *loop, fd int, from netip.AddrPort) {
	least := slices.MinFunc(s.loops, func(a, b *loop) int { return cmp.Compare(a.pairs.Load(), b.pairs.Load()) })
	fewest := least.pairs.Load()
	if clearly := max(2, fewest/4); l.pairs.Load() < fewest+clearly {
		least = l
	}
	p := s.admit(least, fd)
	switch {
	case p == nil:
	case least == l:
		p.begin(from)
	default:
		least.post(func() { p.begin(from) })
	}
}

// rest takes no connections for a while, because of err, each time a longer one.
func (s *loopServer) rest(err error) {
	s.engine.open.short(s.engine, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resting {
		return
	}
	s.resting = true
	s.pause = min(max(2*s.pause, shortestPause), longestPause)
	s.unwatch()
	time.AfterFunc(s.pause, func() {
		s.mu.Lock()
		s.resting = false
		s.mu.Unlock()
		s.watch()
	})
}

func (s *loopServer) recovered() {
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
	l.pairs.Add(1)
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
