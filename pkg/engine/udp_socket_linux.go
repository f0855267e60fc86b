package engine

import (
	"context"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// socketBuffer is asked for, so that a burst fits in; the kernel gives up to
// net.core.rmem_max and wmem_max.
const socketBuffer = 4 << 20

// batchPackets reads and writes many datagrams with one system call.
type batchPackets struct {
	conn *net.UDPConn
	raw  syscall.RawConn
	// all tells that the socket is bound to all addresses, and that datagrams
	// come with the one that was asked.
	all bool
}

// listenPackets opens a socket for clients.
func listenPackets(at netip.AddrPort) (packets, error) {
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
	return newBatchPackets(udp, all)
}

// tellAsked has the kernel tell of each datagram which address was asked.
func tellAsked(network, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		if network == "udp6" {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		} else {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		}
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("setsockopt", failed)
}

// endpointPackets takes a connection to an endpoint.
func endpointPackets(conn net.Conn) (packets, error) {
	if udp, ok := conn.(*net.UDPConn); ok {
		return newBatchPackets(udp, false)
	}
	return newPlainPackets(conn), nil
}

func newBatchPackets(conn *net.UDPConn, all bool) (*batchPackets, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &batchPackets{conn: conn, raw: raw, all: all}, nil
}

func (p *batchPackets) close() { _ = p.conn.Close() }

// receive has room for datagrams only while there are some, so that sockets
// that wait cost none.
func (p *batchPackets) receive(take func([]datagram)) error {
	var in *inbox
	var n int
	var errno syscall.Errno
	read := func(fd uintptr) bool {
		in = inboxes.Get().(*inbox)
		n, errno = in.receive(fd, p.all)
		if errno == unix.EAGAIN {
			inboxes.Put(in)
			return false
		}
		return true
	}
	for {
		if err := p.raw.Read(read); err != nil {
			return err
		}
		if errno != 0 {
			inboxes.Put(in)
			return os.NewSyscallError("recvmmsg", errno)
		}
		take(in.datagrams[:n])
		inboxes.Put(in)
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
	out := outboxes.Get().(*outbox)
	defer out.free()
	done := 0
	for done < len(batch) {
		out.fill(batch[done:], to)
		err := p.raw.Write(out.write)
		switch {
		case err != nil:
			return done, err
		case out.errno == unix.EAGAIN || out.errno == unix.ENOBUFS:
			return len(batch), nil
		case out.errno != 0:
			return done, os.NewSyscallError("sendmmsg", out.errno)
		}
		done += out.sent
	}
	return done, nil
}
