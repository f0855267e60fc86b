package engine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// tcpServer takes connections at one address.
type tcpServer struct {
	engine   *Engine
	listener *net.TCPListener
	binding  atomic.Pointer[binding]
}

func (e *Engine) listenTCP(at socket, b *binding) (server, error) {
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	listener, err := config.Listen(context.Background(), "tcp", at.address.String())
	if err != nil {
		return nil, err
	}
	s := &tcpServer{engine: e, listener: listener.(*net.TCPListener)}
	s.binding.Store(b)
	go s.accept()
	return s, nil
}

func (s *tcpServer) update(b *binding) { s.binding.Store(b) }

func (s *tcpServer) close() { _ = s.listener.Close() }

func (s *tcpServer) accept() {
	for {
		client, err := s.listener.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of descriptors, most likely
			continue
		}
		go s.serve(client, s.binding.Load())
	}
}

// serve leads a client to an endpoint and stays until it ends.
func (s *tcpServer) serve(client *net.TCPConn, b *binding) {
	open, ok := s.engine.open.add(client)
	if !ok {
		abort(client)
		return
	}
	defer s.engine.open.remove(open)
	access := &Access{Target: Target{Way: b.way}, Started: time.Now()}
	access.Client = client.RemoteAddr().(*net.TCPAddr).AddrPort()
	access.Client = netip.AddrPortFrom(access.Client.Addr().Unmap(), access.Client.Port())
	endpoint, err := s.engine.reach(b, access)
	if err == nil && !s.engine.open.reached(open, endpoint) {
		err = context.Canceled
	}
	access.Dial = time.Since(access.Started)
	if err == nil {
		access.Sent, access.Received, err = relay(client, endpoint)
	}
	if err != nil {
		abort(client)
	} else {
		_ = client.Close()
	}
	access.Duration, access.Err = time.Since(access.Started), err
	if s.engine.options.Access != nil {
		s.engine.options.Access(access)
	}
}
