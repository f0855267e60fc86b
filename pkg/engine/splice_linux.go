package engine

import (
	"io"
	"net"
	"time"
)

// spliceSize is how much is moved between two looks at the counters.
const spliceSize = 4 << 20

// splice moves what comes from one socket to the other inside the kernel,
// until the end of the stream or until it gets slow: the pipe that this takes
// is for those who make use of it. It is done when the stream has ended.
func (s *stream) splice() (done bool, err error) {
	from, ok := s.from.(*net.TCPConn)
	if !ok {
		return false, nil
	}
	to, ok := s.to.(*net.TCPConn)
	if !ok {
		return false, nil
	}
	for slow := time.Second; ; {
		started := time.Now()
		// TCPConn.ReadFrom splices, also what is limited like this.
		n, err := to.ReadFrom(&io.LimitedReader{R: from, N: spliceSize})
		s.count(n)
		switch {
		case err != nil:
			return true, err
		case n < spliceSize:
			s.passEnd()
			return true, nil
		case time.Since(started) > slow:
			return false, nil
		}
	}
}
