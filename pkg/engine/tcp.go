package engine

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// tcpServer takes connections at one address, of TCP or of SCTP.
type tcpServer struct {
	engine   *Engine
	listener *net.TCPListener
	sctp     bool
	// forward is the last binding that forwards; nil before there was one.
	forward atomic.Pointer[binding]
	// closed ends waits, and accepting is waited for.
	closed    chan struct{}
	accepting sync.WaitGroup

	mu sync.Mutex
	// drops tells that no new connection is to be answered. Where the kernel
	// cannot be told so the listener takes one more, and then none until passes
	// is closed: those that come are left in its queue, and hear nothing.
	drops  bool
	passes chan struct{}
}

func (e *Engine) listenTCP(b *binding) (server, error) {
	listener, err := listenTCP(b)
	if err != nil {
		return nil, err
	}
	s := &tcpServer{engine: e, listener: listener, sctp: b.way.Protocol == "SCTP", closed: make(chan struct{})}
	s.update(b)
	s.accepting.Go(s.accept)
	return s, nil
}

func (s *tcpServer) update(b *binding) {
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
	switch {
	case s.passes != nil:
		close(s.passes)
		s.passes = nil
	case s.setDeaf(drops) != nil && drops:
		s.passes = make(chan struct{})
	}
}

// setDeaf has the kernel drop what asks for a new connection.
func (s *tcpServer) setDeaf(deaf bool) error {
	if s.sctp {
		return errors.ErrUnsupported // the filter reads TCP's headers
	}
	return setDeaf(s.listener, deaf)
}

// close serves those who had a connection already, as far as the kernel is
// concerned, and refuses who comes now.
func (s *tcpServer) close() {
	if s.setDeaf(true) == nil {
		for _, client := range waiting(s.listener) {
			s.take(client)
		}
	}
	close(s.closed)
	_ = s.listener.Close()
	s.accepting.Wait()
}

// accept takes connections until the listener is closed. When none can be had
// for want of descriptors or memory, it waits longer each time.
func (s *tcpServer) accept() {
	const shortest, longest = 5 * time.Millisecond, time.Second
	pause := shortest
	for {
		client, err := s.listener.AcceptTCP()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			s.engine.open.short(s.engine, err)
			s.wait(time.After(pause), nil)
			pause = min(2*pause, longest)
		default:
			pause = shortest
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
	open, err := s.engine.open.add(s.engine, client)
	if err != nil {
		abort(client)
		return
	}
	go s.serve(open, b)
}

// lead takes a client to an endpoint, to others while they refuse belatedly,
// and back.
func (s *tcpServer) lead(v *visit, open *connection) error {
	var err error
	for {
		var endpoint net.Conn
		if endpoint, err = v.reach(open, s.forward.Load, err); err != nil {
			return err
		}
		again := false
		again, err = v.relay(open.client, endpoint)
		if refused := (*RefusedError)(nil); errors.As(err, &refused) && !v.arrived {
			v.failed(err)
		}
		if !again {
			return err
		}
	}
}

// serve leads a client to an endpoint and stays until it ends.
func (s *tcpServer) serve(open *connection, b *binding) {
	client := open.client
	v := s.engine.begin(b, addressOf(client.RemoteAddr()))
	err := s.lead(v, open)
	if err != nil {
		abort(client)
	} else {
		_ = client.Close()
	}
	if s.engine.ending.Err() != nil {
		err = errCut
	}
	v.end(err)
	s.engine.open.remove(open)
}
