package probe

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// dial connects. If an ICMP message says why it cannot, the error is an
// *unreachableError. The kernel puts the message in the error queue of the
// socket, which needs no privileges to read (ip(7), IP_RECVERR). Package net
// closes the socket when it cannot connect, so dial duplicates the descriptor to
// keep the socket open until it has read the queue.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	var copies socketCopies
	dialer := net.Dialer{Control: copies.control, FallbackDelay: -1}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		err = copies.explain(err)
	}
	if conn != nil && network == "udp" {
		return &datagramConn{conn, copies}, nil
	}
	copies.close()
	return conn, err
}

// socketCopies are duplicated descriptors of sockets, one for each address that
// the dialer has tried.
type socketCopies []int

func (k *socketCopies) control(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) {
		// Each option works only on sockets of its family. An error is ignored,
		// because the options only add detail to the result.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVERR, 1)
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVERR, 1)
		if duplicate, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			*k = append(*k, duplicate)
		}
	})
}

func (k *socketCopies) close() {
	for _, fd := range *k {
		_ = unix.Close(fd)
	}
	*k = nil
}

// explain wraps err in an *unreachableError if a socket has received an ICMP
// message, and otherwise returns it as it is.
func (k *socketCopies) explain(err error) error {
	for _, fd := range *k {
		if icmp, ok := readErrorQueue(fd); ok {
			return &unreachableError{icmp, err}
		}
	}
	return err
}

// datagramConn is a UDP connection whose read errors include the ICMP message
// that caused them.
type datagramConn struct {
	net.Conn
	copies socketCopies
}

// Read implements net.Conn.
func (c *datagramConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		err = c.copies.explain(err)
	}
	return n, err
}

// Close implements net.Conn.
func (c *datagramConn) Close() error {
	c.copies.close()
	return c.Conn.Close()
}

// readErrorQueue returns the first ICMP message in a socket's error queue. It
// does not block.
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

// parseExtendedError parses a struct sock_extended_err and the offender's address
// that follows it (linux/errqueue.h). ok is false for other control messages.
func parseExtendedError(message unix.SocketControlMessage) (icmp ICMP, ok bool) {
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

// parseSockaddr returns the address in a struct sockaddr, or the zero Addr if it
// is not an IP address.
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
