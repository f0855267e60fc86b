package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// answers is the server behind all stand-ins of a cluster. It answers HTTP and
// echoes other TCP, and UDP, on one loopback port of each. Whom a connection is
// for it knows by the address that the connection comes from.
type answers struct {
	tcp  *net.TCPListener
	udp  *net.UDPConn
	http *http.Server
	// handed are the HTTP connections on their way to the HTTP server.
	handed chan net.Conn
	done   chan struct{}

	mu sync.Mutex
	// callers is what the open connections are for, by their source.
	callers map[netip.AddrPort]*caller
	conns   map[net.Conn]bool
	closed  bool
}

// standIn is the backend of a pod that nothing else stands for.
type standIn struct{ answers *answers }

func (*standIn) String() string { return "stand-in" }
func (*standIn) stop()          {}

func (s *standIn) dial(ctx context.Context, network string, _ uint16, from *caller) (net.Conn, error) {
	return s.answers.dial(ctx, network, from)
}

func newAnswers() (*answers, error) {
	loopback := net.IPv4(127, 0, 0, 1)
	tcp, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: loopback})
	if err != nil {
		return nil, fmt.Errorf("cannot listen on 127.0.0.1: %w", err)
	}
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: loopback})
	if err != nil {
		_ = tcp.Close()
		return nil, fmt.Errorf("cannot listen on 127.0.0.1: %w", err)
	}
	a := &answers{
		tcp: tcp, udp: udp, handed: make(chan net.Conn), done: make(chan struct{}),
		callers: map[netip.AddrPort]*caller{}, conns: map[net.Conn]bool{},
	}
	a.http = a.newHTTP()
	go func() { _ = a.http.Serve(handedListener{a}) }()
	go a.accept()
	go a.echoDatagrams()
	return a, nil
}

// dial connects, and notes for whom before the server can look. Nobody but a
// dialer of ours is answered.
func (a *answers) dial(ctx context.Context, network string, from *caller) (net.Conn, error) {
	var dialer net.Dialer
	if network == "udp" {
		return dialer.DialContext(ctx, network, a.udp.LocalAddr().String())
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	conn, err := dialer.DialContext(ctx, network, a.tcp.Addr().String())
	if err != nil {
		return nil, err
	}
	a.callers[addrPort(conn.LocalAddr())] = from
	return conn, nil
}

// caller returns for whom a connection was made; nil when it is none of ours.
func (a *answers) caller(conn net.Conn) *caller {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.callers[addrPort(conn.RemoteAddr())]
}

// accept takes connections until the listener is closed. When none can be had
// for want of descriptors, it waits a little.
func (a *answers) accept() {
	const pause = 50 * time.Millisecond
	for {
		conn, err := a.tcp.AcceptTCP()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			select {
			case <-time.After(pause):
			case <-a.done:
			}
		default:
			go a.serve(conn)
		}
	}
}

// serve reads the first bytes of a connection, and hands it to the HTTP server
// when they are those of HTTP.
func (a *answers) serve(conn *net.TCPConn) {
	from := a.caller(conn)
	if from == nil || !a.keep(conn) {
		_ = conn.Close()
		return
	}
	read := &peekedConn{TCPConn: conn, reader: bufio.NewReader(conn), from: from, closed: func() { a.forget(conn) }}
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

// keep notes an open connection; it is false when there is to be none any more.
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
	delete(a.callers, addrPort(conn.RemoteAddr()))
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
	_ = a.tcp.Close()
	_ = a.udp.Close()
	_ = a.http.Close()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for conn := range a.conns {
		_ = conn.Close()
	}
}

func addrPort(addr net.Addr) netip.AddrPort {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return unmapped(tcp.AddrPort())
	}
	return netip.AddrPort{}
}
