package engine

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// When no connection can be had, for want of descriptors or memory, none is
// taken for shortestPause, and then for longer, up to longestPause.
const shortestPause, longestPause = 5 * time.Millisecond, time.Second

// tcpServer takes connections at one address by package net: those of SCTP,
// and where there are no loops those of TCP.
type tcpServer struct {
	engine   *Engine
	listener *net.TCPListener
	// forward is the last binding that forwards; nil before there was one.
	forward atomic.Pointer[binding]
	// closed ends waits, and accepting is waited for.
	closed    chan struct{}
	accepting sync.WaitGroup

	mu sync.Mutex
	// passes is not nil while no new connection is to be answered, and closed
	// then. The listener takes one more, and then none: those that come are left
	// in its queue, and hear nothing.
	passes chan struct{}
}

func newTCPServer(e *Engine, b *binding, listener *net.TCPListener) *tcpServer {
	s := &tcpServer{engine: e, listener: listener, closed: make(chan struct{})}
	s.update(b)
	s.accepting.Go(s.accept)
	return s
}

func (s *tcpServer) update(b *binding) {
	if b.verdict.Action == route.Forward {
		s.forward.Store(b)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch drops := b.verdict.Action == route.Drop; {
	case drops && s.passes == nil:
		s.passes = make(chan struct{})
	case !drops && s.passes != nil:
		close(s.passes)
		s.passes = nil
	}
}

func (s *tcpServer) close() {
	close(s.closed)
	_ = s.listener.Close()
	s.accepting.Wait()
}

// accept takes connections until the listener is closed.
func (s *tcpServer) accept() {
	pause := shortestPause
	for {
		client, err := s.listener.AcceptTCP()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			s.engine.open.short(s.engine, err)
			s.wait(time.After(pause), nil)
			pause = min(2*pause, longestPause)
		default:
			pause = shortestPause
			s.wait(nil, s.passing())
			s.take(client)
		}
	}
}

// passing is nil unless connections are to be left in the queue.
func (s *tcpServer) passing() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passes
}

func (s *tcpServer) wait(timer <-chan time.Time, passes <-chan struct{}) {
	if timer == nil && passes == nil {
		return
	}
	select {
	case <-timer:
	case <-passes:
	case <-s.closed:
	}
}

// take serves a client; one that the last binding can lead nowhere is reset.
func (s *tcpServer) take(client *net.TCPConn) {
	b := s.forward.Load()
	if b == nil {
		abort(client)
		return
	}
	open := &connection{client: client}
	if err := s.engine.open.add(s.engine, open); err != nil {
		abort(client)
		return
	}
	go func() {
		v := s.engine.begin(b, addressOf(client.RemoteAddr()))
		if err := v.pick(s.forward.Load, nil); err != nil {
			abort(client)
			v.ended(open, err)
			return
		}
		v.serve(open, s.forward.Load)
	}()
}

// serve leads a client, for whom an endpoint was picked, and stays until it ends.
func (v *visit) serve(open *connection, now func() *binding) {
	err := v.lead(open, now)
	if err != nil {
		abort(open.client)
	} else {
		_ = open.client.Close()
	}
	v.ended(open, err)
}

// lead takes a client to an endpoint, to others while they refuse belatedly,
// and back.
func (v *visit) lead(open *connection, now func() *binding) error {
	for {
		endpoint, err := v.reach(open, now)
		if err != nil {
			return err
		}
		again, err := v.relay(open.client, endpoint)
		if refused := (*RefusedError)(nil); errors.As(err, &refused) && !v.arrived {
			v.failed(err)
		}
		if !again {
			return err
		}
		if err := v.pick(now, err); err != nil {
			return err
		}
	}
}

// ended notes that a connection has ended, with err unless it was by both
// sides' will.
func (v *visit) ended(open cutter, err error) {
	if v.engine.ending.Err() != nil {
		err = errCut
	}
	v.end(err)
	v.engine.open.remove(open)
}
