package engine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// socketBuffer is asked for, so that a burst fits in; the kernel gives up to
// net.core.rmem_max and wmem_max.
const socketBuffer = 4 << 20

// batchPackets reads and writes many datagrams with one system call. A loop
// waits for them.
type batchPackets struct {
	loop *loop
	// all tells that the socket is bound to all addresses, and that datagrams
	// come with the one that was asked.
	all bool
	// take and received are of the call of receive that waits.
	take     func([]datagram)
	received chan error

	// mu is held for reading while the socket is used.
	mu     sync.RWMutex
	fd     int
	closed bool
	// taking tells that datagrams are being handed over, after which the loop
	// tells receive what happened meanwhile.
	taking bool
}

// listenPackets opens a socket for clients.
func (e *Engine) listenPackets(at netip.AddrPort) (packets, error) {
	all := at.Addr().IsUnspecified()
	config := net.ListenConfig{}
	if all {
		config.Control = tellAsked
	}
	conn, err := config.ListenPacket(context.Background(), udpNetwork(at), at.String())
	if err != nil {
		return nil, err
	}
	udp := conn.(*net.UDPConn)
	_ = udp.SetReadBuffer(socketBuffer)
	_ = udp.SetWriteBuffer(socketBuffer)
	return e.newBatchPackets(udp, all)
}

// tellAsked has the kernel tell of each datagram which address was asked.
func tellAsked(network, _ string, c syscall.RawConn) error {
	level, option := unix.IPPROTO_IP, unix.IP_PKTINFO
	if network == "udp6" {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO
	}
	return control(c, func(fd int) error {
		return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, option, 1))
	})
}

// endpointPackets takes a connection to an endpoint.
func (e *Engine) endpointPackets(conn net.Conn) (packets, error) {
	if udp, ok := conn.(*net.UDPConn); ok {
		return e.newBatchPackets(udp, false)
	}
	return newPlainPackets(conn), nil
}

func (e *Engine) newBatchPackets(conn *net.UDPConn, all bool) (*batchPackets, error) {
	l, err := e.loops.next(e)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	fd, err := duplicate(conn)
	if err != nil {
		return nil, err
	}
	return &batchPackets{loop: l, fd: fd, all: all}, nil
}

func (p *batchPackets) receive(take func([]datagram)) error {
	received := make(chan error, 1)
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return net.ErrClosed
	}
	p.take, p.received = take, received
	p.mu.Unlock()
	p.loop.post(p.watch)
	return <-received
}

// watch and ready run in the loop.
func (p *batchPackets) watch() {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return
	}
	if err := p.loop.watch(p.fd, p, unix.EPOLLIN); err != nil {
		p.received <- err
	}
}

func (p *batchPackets) ready(l *loop, _ uint32) {
	p.mu.RLock()
	if p.closed {
		p.mu.RUnlock()
		return
	}
	in := l.datagrams()
	n, err := in.receive(p.fd, p.all)
	switch {
	case errors.Is(err, unix.EAGAIN):
	case err != nil:
		l.unwatch(p.fd, p)
		p.received <- os.NewSyscallError("recvmmsg", err)
	default:
		p.taking = true
	}
	p.mu.RUnlock()
	if n > 0 {
		p.take(in.datagrams[:n])
		p.taken()
	}
}

// taken ends a handing over.
func (p *batchPackets) taken() {
	p.mu.RLock()
	defer p.mu.RUnlock()
	p.taking = false
	if p.closed {
		p.received <- net.ErrClosed
	}
}

// close may be called by what datagrams are handed to.
func (p *batchPackets) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	fd := p.fd
	p.loop.post(func() { p.loop.forget(fd, p) })
	_ = unix.Close(fd)
	if p.received != nil && !p.taking {
		select {
		case p.received <- net.ErrClosed:
		default: // it has something to say already
		}
	}
}

func (p *batchPackets) send(batch []datagram) (int, error) { return p.transmit(batch, nil) }

// reply goes on behind a datagram that the kernel does not want to send.
func (p *batchPackets) reply(to flow, batch []datagram) {
	for len(batch) > 0 {
		n, err := p.transmit(batch, &to)
		if err == nil {
			return
		}
		batch = batch[min(n+1, len(batch)):]
	}
}

// transmit sends until the kernel has no room; what is left is lost.
func (p *batchPackets) transmit(batch []datagram, to *flow) (int, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return 0, net.ErrClosed
	}
	out := outboxes.Get().(*outbox)
	defer out.free()
	done := 0
	for done < len(batch) {
		out.fill(batch[done:], to)
		n, err := mmsg(unix.SYS_SENDMMSG, p.fd, out.headers[:out.filled])
		switch {
		case err == nil:
			done += n
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.ENOBUFS):
			return len(batch), nil
		default:
			return done, os.NewSyscallError("sendmmsg", err)
		}
	}
	return done, nil
}
