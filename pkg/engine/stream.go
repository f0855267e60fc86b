package engine

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// stream is one direction of a relay. To a source that writes by itself it is
// the TryWriter.
type stream struct {
	from, to net.Conn
	pool     *buffers
	// count is told of bytes that passed.
	count func(int64)
	keep  *replay
	// first is what the other side is to hear before anything else.
	first []byte

	// broken tells that the destination takes nothing more.
	broken bool
	// raw is of the destination, where there is use for TryWrite.
	raw syscall.RawConn
}

var _ TryWriter = (*stream)(nil)

// carry moves what comes until its end, and passes the end on.
func (s *stream) carry() error {
	if len(s.first) > 0 {
		if _, err := s.Write(s.first); err != nil {
			return err
		}
	}
	if err := s.move(); err != nil {
		return err
	}
	s.passEnd()
	return nil
}

// move moves what comes until its end. Sockets are read here; others may
// write by themselves.
func (s *stream) move() error {
	_, socket := s.from.(*net.TCPConn)
	if from, ok := s.from.(io.WriterTo); ok && !socket {
		s.raw = rawConn(s.to)
		_, err := from.WriteTo(s)
		return err
	}
	source := newSource(s.from, s.pool)
	for {
		buffer, n, err := source.read()
		if n > 0 {
			if _, failed := s.Write(buffer[:n]); failed != nil {
				err = failed
			}
		}
		source.release(buffer)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Write implements io.Writer.
func (s *stream) Write(b []byte) (int, error) {
	s.keep.keep(b)
	n, err := s.to.Write(b)
	s.count(int64(n))
	s.broken = err != nil
	return n, err
}

// TryWrite implements [TryWriter].
func (s *stream) TryWrite(b []byte) int {
	if s.raw == nil || len(b) == 0 {
		return 0
	}
	n := tryWrite(s.raw, b)
	s.count(int64(n))
	return n
}

// passEnd closes the half of the other side. That this fails tells that the
// other side is gone, of which the other direction hears.
func (s *stream) passEnd() {
	if half, ok := s.to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}
