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

// withRawIO wraps the TCP connections that dial makes in a rawConn.
func withRawIO(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		tcp, ok := conn.(*net.TCPConn)
		if err != nil || !ok {
			return conn, err
		}
		raw, err := tcp.SyscallConn()
		if err != nil {
			return conn, nil //nolint:nilerr // it was closed, which its reader will see
		}
		return &rawConn{TCPConn: tcp, raw: raw}, nil
	}
}

// rawConn is a TCP connection whose reads and writes bypass the runtime. None of
// them ever waits in the kernel. In a process that was idle, each system call that
// the runtime knows of wakes its monitor thread (runtime/proc.go, entersyscall),
// which then polls every 20 microseconds: a third of the cost of a download.
type rawConn struct {
	*net.TCPConn
	raw syscall.RawConn
	// ready counts the reads in a row that did not wait.
	ready atomic.Int32
}

// maxRawReads is the number of reads in a row that may bypass the runtime without
// waiting. While the monitor thread sleeps, nobody takes the processor away from
// a goroutine that never waits.
const maxRawReads = 256

func (s *rawConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if s.ready.Add(1) > maxRawReads {
		s.ready.Store(0)
		return s.TCPConn.Read(p)
	}
	n, failure := 0, error(nil)
	err := s.raw.Read(func(fd uintptr) bool {
		n, failure = rawRead(fd, p)
		if errors.Is(failure, unix.EAGAIN) {
			s.ready.Store(0)
			return false
		}
		return true
	})
	if n == 0 && err == nil && failure == nil {
		return 0, io.EOF
	}
	return n, s.failed("read", err, failure)
}

func (s *rawConn) Write(p []byte) (int, error) {
	written, failure := 0, error(nil)
	err := s.raw.Write(func(fd uintptr) bool {
		for written < len(p) {
			var n int
			if n, failure = rawWrite(fd, p[written:]); failure != nil {
				return !errors.Is(failure, unix.EAGAIN)
			}
			written += n
		}
		return true
	})
	return written, s.failed("write", err, failure)
}

// failed returns the error that a TCPConn would return, or nil. waiting is the
// error of waiting for the socket, in which the operation has another name, and
// failure that of the system call.
func (s *rawConn) failed(op string, waiting, failure error) error {
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
