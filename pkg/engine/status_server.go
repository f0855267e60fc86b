package engine

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Limits of the HTTP servers, so that clients which say nothing, or too much,
// take neither descriptors nor memory for long.
const (
	httpTimeout     = 5 * time.Second
	httpHeaderBytes = 16 << 10
	// statusClients and healthClients are served at a time; others wait. The
	// latter are those of all health check node ports.
	statusClients, healthClients = 8, 8
)

// ServeStatus serves Handler at a loopback address until closeStatus is called.
// Every other address is refused, also those of Options.ListenAddresses.
func (e *Engine) ServeStatus(at netip.AddrPort) (closeStatus func(), err error) {
	if !isLoopback(at.Addr()) {
		return nil, &NotAllowedError{Address: at}
	}
	listener, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, err
	}
	return serveHTTP(listener, e.Handler(), make(chan struct{}, statusClients)), nil
}

// serveHTTP serves as many clients at a time as slots has room for, one request
// each, until it is closed.
func serveHTTP(listener net.Listener, handler http.Handler, slots chan struct{}) (closeServer func()) {
	server := &http.Server{
		Handler: handler, ReadTimeout: httpTimeout, WriteTimeout: 2 * httpTimeout, IdleTimeout: httpTimeout, MaxHeaderBytes: httpHeaderBytes,
	}
	server.SetKeepAlivesEnabled(false)
	limited := &limitedListener{Listener: listener, slots: slots, closed: make(chan struct{})}
	go func() { _ = server.Serve(limited) }()
	return func() { _ = server.Close() }
}

// limitedListener hands a connection over when a slot is free; at most one
// waits for that.
type limitedListener struct {
	net.Listener
	slots  chan struct{}
	once   sync.Once
	closed chan struct{}
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	select {
	case l.slots <- struct{}{}:
		return &slotConn{Conn: conn, slots: l.slots}, nil
	case <-l.closed:
		_ = conn.Close()
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// slotConn frees its slot when it is closed.
type slotConn struct {
	net.Conn
	slots chan struct{}
	once  sync.Once
}

// Close implements net.Conn.
func (c *slotConn) Close() error {
	c.once.Do(func() { <-c.slots })
	return c.Conn.Close()
}
