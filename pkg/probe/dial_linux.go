package probe

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// dial connects, and tells by an unreachableError what ICMP said when it
// cannot: the socket keeps that in its error queue, for everybody to read
// (ip(7), IP_RECVERR). Package net closes the socket of a connection that
// failed, so a second descriptor holds it until the queue was read.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	var keep keptSockets
	dialer := net.Dialer{Control: keep.control, FallbackDelay: -1}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		err = keep.explain(err)
	}
	if conn != nil && network == "udp" {
		return &datagramConn{conn, keep}, nil
	}
	keep.close()
	return conn, err
}

// keptSockets are second descriptors of sockets, one for each address that was
// tried in turn.
type keptSockets []int

func (k *keptSockets) control(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) {
		// Each works only on a socket of its family, and without them less is
		// known, which is no failure.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVERR, 1)
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1)
		if second, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			*k = append(*k, second)
		}
	})
}

func (k *keptSockets) close() {
	for _, fd := range *k {
		_ = unix.Close(fd)
	}
	*k = nil
}

// explain adds to an error what ICMP said, if it did.
func (k *keptSockets) explain(err error) error {
	for _, fd := range *k {
		if icmp, ok := readErrorQueue(fd); ok {
			return &unreachableError{icmp, err}
		}
	}
	return err
}

// datagramConn explains why datagrams cannot be delivered.
type datagramConn struct {
	net.Conn
	keep keptSockets
}

// Read implements net.Conn.
func (c *datagramConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		err = c.keep.explain(err)
	}
	return n, err
}

// Close implements net.Conn.
func (c *datagramConn) Close() error {
	c.keep.close()
	return c.Conn.Close()
}

// readErrorQueue returns the first message of ICMP in a socket's error queue.
// It never waits.
func readErrorQueue(fd int) (ICMP, bool) {
	data, control := make([]byte, 512), make([]byte, 512)
	for range 8 {
		_, n, _, _, err := unix.Recvmsg(fd, data, control, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if err != nil {
			return ICMP{}, false
		}
		messages, err := unix.ParseSocketControlMessage(control[:n])
		if err != nil {
			return ICMP{}, false
		}
		for _, message := range messages {
			if icmp, ok := parseExtendedError(message); ok {
				return icmp, true
			}
		}
	}
	return ICMP{}, false
}

// parseExtendedError reads a struct sock_extended_err, and the address of the
// offender behind it (linux/errqueue.h).
func parseExtendedError(message unix.SocketControlMessage) (ICMP, bool) {
	const originAt, typeAt, codeAt, size = 4, 5, 6, 16
	v4 := message.Header.Level == unix.IPPROTO_IP && message.Header.Type == unix.IP_RECVERR
	v6 := message.Header.Level == unix.IPPROTO_IPV6 && message.Header.Type == unix.IPV6_RECVERR
	if !v4 && !v6 || len(message.Data) < size {
		return ICMP{}, false
	}
	origin := message.Data[originAt]
	if origin != unix.SO_EE_ORIGIN_ICMP && origin != unix.SO_EE_ORIGIN_ICMP6 {
		return ICMP{}, false
	}
	return ICMP{
		Type: message.Data[typeAt], Code: message.Data[codeAt], Offender: parseSockaddr(message.Data[size:]),
	}, true
}

// parseSockaddr returns the address of a struct sockaddr; the zero Addr for
// that of no IP family.
func parseSockaddr(data []byte) netip.Addr {
	const v4At, v6At = 4, 8
	if len(data) < 2 {
		return netip.Addr{}
	}
	switch family := binary.NativeEndian.Uint16(data); {
	case family == unix.AF_INET && len(data) >= v4At+4:
		return netip.AddrFrom4([4]byte(data[v4At:]))
	case family == unix.AF_INET6 && len(data) >= v6At+16:
		return netip.AddrFrom16([16]byte(data[v6At:])).Unmap()
	}
	return netip.Addr{}
}
