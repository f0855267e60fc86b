//go:build unix

package engine

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// polledSource reads a socket into a shared buffer, which it takes only when
// there is something to read.
type polledSource struct {
	raw  syscall.RawConn
	pool *buffers
}

func newSource(conn net.Conn, pool *buffers) source {
	if raw := rawConn(conn); raw != nil {
		return &polledSource{raw, pool}
	}
	return &plainSource{conn: conn}
}

// rawConn is nil for what is no TCP socket.
func rawConn(conn net.Conn) syscall.RawConn {
	if tcp, ok := conn.(*net.TCPConn); ok {
		if raw, err := tcp.SyscallConn(); err == nil {
			return raw
		}
	}
	return nil
}

func (s *polledSource) read() (buffer []byte, n int, err error) {
	failed := s.raw.Read(func(fd uintptr) bool {
		buffer = s.pool.get()
		n, err = read(int(fd), buffer)
		if errors.Is(err, unix.EAGAIN) {
			s.pool.put(buffer)
			buffer = nil
			return false
		}
		return true
	})
	switch {
	case failed != nil:
		return buffer, 0, failed
	case err != nil:
		return buffer, 0, os.NewSyscallError("read", err)
	case n == 0:
		return buffer, 0, io.EOF
	}
	return buffer, n, nil
}

func (s *polledSource) release(buffer []byte) { s.pool.put(buffer) }

// tryWrite writes to a socket what it takes at once. Of a failure the next write tells.
func tryWrite(raw syscall.RawConn, b []byte) (n int) {
	_ = raw.Write(func(fd uintptr) bool {
		n, _ = write(int(fd), b)
		return true
	})
	return n
}
