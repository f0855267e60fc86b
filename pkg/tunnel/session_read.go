package tunnel

import (
	"io"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/spdy"
)

const (
	// overrunTimeout is how long a connection that is not read may block the
	// others on its tunnel.
	overrunTimeout = time.Second
	// maxStray is how much may arrive for streams without a connection, in bytes.
	// It is what may be on its way when a connection fails on our side. If it is
	// more, the session is not used again.
	maxStray = 4 << 20
)

// read passes frames to the connections until the session ends.
func (s *session) read() {
	frames := spdy.NewReader(s.carrier)
	for {
		f, err := frames.Next()
		if err == nil {
			s.hear()
			err = s.handle(f)
		}
		if err != nil {
			s.end(s.lost("reading from the API server failed", err))
			return
		}
	}
}

// hear notes that something was received.
func (s *session) hear() {
	s.heard.Store(int64(time.Since(s.opened)))
	s.heardClock.Store(time.Now().Unix())
	s.unanswered.Store(0)
}

// stale reports whether nothing was received for longer than keepAlive allows:
// the machine has slept, and the other side has probably given the tunnel up.
func (s *session) stale() bool {
	return time.Now().Unix()-s.heardClock.Load() > int64(s.pingTimeout.Seconds())+1
}

// handle does what a frame asks for. Frames of types that are not named here
// have no meaning for a client of a port-forward.
func (s *session) handle(f spdy.Frame) error {
	switch f.Type {
	case spdy.Data:
		return s.readData(f)
	case spdy.SynReply:
		if c := s.conn(f.ID); c != nil {
			c.replied(f.ID)
			if f.Fin {
				c.streamEnded(f.ID)
			}
		}
	case spdy.RstStream:
		if c := s.conn(f.ID); c != nil {
			c.streamEnded(f.ID)
		}
	case spdy.Ping:
		if f.ID%2 == 1 {
			s.pingAnswered(f.ID)
		} else {
			s.answerPing(f.ID)
		}
	case spdy.GoAway:
		s.end(s.lost("the node ended the tunnel", io.EOF))
	}
	return nil
}

// readData reads the data of a frame, in chunks.
func (s *session) readData(f spdy.Frame) error {
	c := s.conn(f.ID)
	for left := f.Length; left > 0; {
		chunk := s.dialer.chunks.get(min(left, maxChunk))
		if c != nil && f.ID == c.dataStream {
			s.waitForReader(c)
		}
		if _, err := io.ReadFull(s.carrier, chunk); err != nil {
			return err
		}
		s.hear()
		left -= len(chunk)
		kept := false
		if c != nil {
			kept = c.receive(f.ID, chunk)
		} else {
			s.dropStray(len(chunk))
		}
		if !kept {
			s.dialer.chunks.put(chunk)
		}
	}
	if c != nil && f.Fin {
		c.streamEnded(f.ID)
	}
	return nil
}

// dropStray counts data for a stream without a connection, and when it becomes
// too much, takes the session out of use, once.
func (s *session) dropStray(size int) {
	before := s.stray
	s.stray += size
	if before <= maxStray && s.stray > maxStray {
		s.dialer.retire(s)
	}
}

// waitForReader waits until the connection has room for data. TCP then slows the
// pod down. On a shared tunnel that would slow down the others as well, so there
// a connection that is not read at all is ended.
func (s *session) waitForReader(c *Conn) {
	for {
		read, full := c.full()
		if !full {
			return
		}
		s.readBlocked.Store(true)
		timeout := time.NewTimer(overrunTimeout)
		select {
		case <-read:
		case <-s.done:
		case <-timeout.C:
			if s.shared() {
				c.fail(&Error{Kind: Overrun, Pod: s.pod, Port: c.port, Message: "the client does not read, and others share its tunnel"})
			}
		}
		timeout.Stop()
		s.readBlocked.Store(false)
		s.hear()
	}
}
