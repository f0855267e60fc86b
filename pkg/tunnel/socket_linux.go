package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// quietly has the connections that dial makes be sockets, if they are of TCP.
func quietly(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		tcp, ok := conn.(*net.TCPConn)
		if err != nil || !ok {
			return conn, err
		}
		raw, err := tcp.SyscallConn()
		if err != nil {
			return conn, nil //nolint:nilerr // it was closed, as its reader will find
		}
		return &socket{TCPConn: tcp, raw: raw}, nil
	}
}

// socket is a TCP connection that does not tell the runtime of reads and writes.
// Neither ever waits in the system. Each that it is told of in a process that
// was idle wakes its monitor (runtime/proc.go, entersyscall), which then looks
// around every 20 microseconds: a third of what a download cost.
type socket struct {
	*net.TCPConn
	raw syscall.RawConn
	// atOnce counts the reads in a row that did not wait.
	atOnce atomic.Int32
}

// politeness is after how many of them the runtime is told of one: while its
// monitor sleeps it takes the processor from nobody who does not wait.
const politeness = 256

func (s *socket) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if s.atOnce.Add(1) > politeness {
		s.atOnce.Store(0)
		return s.TCPConn.Read(p)
	}
	n, failure := 0, error(nil)
	err := s.raw.Read(func(fd uintptr) bool {
		n, failure = quietRead(fd, p)
		if errors.Is(failure, unix.EAGAIN) {
			s.atOnce.Store(0)
			return false
		}
		return true
	})
	if n == 0 && err == nil && failure == nil {
		return 0, io.EOF
	}
	return n, s.failed("read", err, failure)
}

func (s *socket) Write(p []byte) (int, error) {
	written, failure := 0, error(nil)
	err := s.raw.Write(func(fd uintptr) bool {
		for written < len(p) {
			var n int
			if n, failure = quietWrite(fd, p[written:]); failure != nil {
				return !errors.Is(failure, unix.EAGAIN)
			}
			written += n
		}
		return true
	})
	return written, s.failed("write", err, failure)
}

// failed is the error that a TCPConn has; nil if there is none. waiting is that
// of who waits for the socket, whose words for what was done are others, and
// failure the system's.
func (s *socket) failed(op string, waiting, failure error) error {
	var raw *net.OpError
	switch {
	case errors.As(waiting, &raw):
		failure = raw.Err
	case waiting != nil:
		failure = waiting
	case failure == nil:
		return nil
	default:
		failure = os.NewSyscallError(op, failure)
	}
	return &net.OpError{Op: op, Net: "tcp", Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: failure}
}
