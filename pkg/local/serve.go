package local

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// mostClients and mostWatches are open at the control socket at a time.
	mostClients = 128
	mostWatches = 64
	// clientPatience is how long a client may take to send a request, or to read
	// an answer.
	clientPatience = 30 * time.Second
)

// Serve answers at a socket until ctx is done.
func (c *Cluster) Serve(ctx context.Context, listener net.Listener) error {
	handler := c.Handler()
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			limitWrite(http.NewResponseController(w))
			handler.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	server.SetKeepAlivesEnabled(false) // idle connections would count as clients
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	err := server.Serve(&limitedListener{Listener: listener})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// limitWrite ends the connection of a client that does not read what is written
// next.
func limitWrite(control *http.ResponseController) {
	_ = control.SetWriteDeadline(time.Now().Add(clientPatience)) // a test's recorder has none
}

// limitedListener takes so many connections at a time, and answers the others
// that they may come again.
type limitedListener struct {
	net.Listener
	open atomic.Int32
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.open.Add(1) <= mostClients {
			return &limitedConn{Conn: conn, closed: sync.OnceFunc(func() { l.open.Add(-1) })}, nil
		}
		l.open.Add(-1)
		_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = io.WriteString(conn, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		_ = conn.Close()
	}
}

// limitedConn makes room for another when it is closed.
type limitedConn struct {
	net.Conn
	closed func()
}

func (c *limitedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}
