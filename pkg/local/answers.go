package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// answers is the server behind all stand-ins of a cluster. It answers HTTP, and
// echoes other TCP and UDP. TCP connections to it stay inside the process: a
// dial waits for nobody, and takes no file descriptor.
type answers struct {
	udp  *net.UDPConn
	http *http.Server
	// handed are the HTTP connections on their way to the HTTP server.
	handed chan net.Conn
	done   chan struct{}

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

// standIn is the backend of a pod that has no other.
type standIn struct{ answers *answers }

func (*standIn) String() string { return "stand-in" }
func (*standIn) stop()          {}

func (s *standIn) dial(ctx context.Context, network string, _ uint16, from *caller) (net.Conn, error) {
	return s.answers.dial(ctx, network, from)
}

func newAnswers() (*answers, error) {
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("cannot listen on 127.0.0.1: %w", err)
	}
	a := &answers{udp: udp, handed: make(chan net.Conn), done: make(chan struct{}), conns: map[net.Conn]bool{}}
	a.http = a.newHTTP()
	go func() { _ = a.http.Serve(handedListener{a}) }()
	go a.echoDatagrams()
	return a, nil
}

// dial connects for a caller.
func (a *answers) dial(ctx context.Context, network string, from *caller) (net.Conn, error) {
	if network == "udp" {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, a.udp.LocalAddr().String())
	}
	client, server := newPipe()
	if !a.keep(server) {
		return nil, net.ErrClosed
	}
	go a.serve(server, from)
	return client, nil
}

// serve reads the first bytes of a connection, and hands it to the HTTP server
// when they are those of HTTP.
func (a *answers) serve(conn *pipeEnd, from *caller) {
	read := &peekedConn{pipeEnd: conn, reader: bufio.NewReader(conn), from: from, closed: func() { a.forget(conn) }}
	if err := skipProxyHeader(read.reader); err != nil {
		_ = read.Close()
		return
	}
	if looksLikeHTTP(read.reader) {
		select {
		case a.handed <- read:
		case <-a.done:
			_ = read.Close()
		}
		return
	}
	_, _ = io.Copy(conn, read.reader)
	_ = read.Close()
}

// keep registers an open connection; it returns false after close.
func (a *answers) keep(conn net.Conn) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.conns[conn] = true
	}
	return !a.closed
}

func (a *answers) forget(conn net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.conns, conn)
}

// echoDatagrams sends back what comes, whoever sent it: the socket is on
// loopback.
func (a *answers) echoDatagrams() {
	buffer := make([]byte, 1<<16)
	for {
		n, from, err := a.udp.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			_, _ = a.udp.WriteToUDPAddrPort(buffer[:n], from)
		}
	}
}

func (a *answers) close() {
	close(a.done)
	_ = a.udp.Close()
	_ = a.http.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for conn := range a.conns {
		_ = conn.Close()
	}
}
