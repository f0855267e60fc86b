package engine

import (
	"net"
	"sync"
)

// bufferSize is what is read at a time.
const bufferSize = 32 << 10

// buffers are shared by all streams: a connection that is silent has none.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() []byte {
	if p, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return p[:]
	}
	return new([bufferSize]byte)[:]
}

func (b *buffers) put(p []byte) {
	if p != nil {
		b.pool.Put((*[bufferSize]byte)(p[:bufferSize]))
	}
}

// source is what a stream is read from.
type source interface {
	// read waits for bytes and returns them with the buffer that they are in,
	// which is to be released.
	read() (buffer []byte, n int, err error)
	release(buffer []byte)
}

// plainSource reads a connection into a buffer of its own.
type plainSource struct {
	conn   net.Conn
	buffer []byte
}

func (s *plainSource) read() ([]byte, int, error) {
	if s.buffer == nil {
		s.buffer = make([]byte, bufferSize)
	}
	n, err := s.conn.Read(s.buffer)
	return s.buffer, n, err
}

func (s *plainSource) release([]byte) {}
