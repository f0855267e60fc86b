package tunnel

import (
	"encoding/binary"
	"errors"
	"io"
	"time"
)

const (
	// maxControl is the longest control frame that is read. Those that matter have
	// a few bytes, and the headers of a server's answer hardly more.
	maxControl = 16 << 10
	// overrunAfter is how long a connection that is not read may keep others,
	// which share its tunnel, waiting.
	overrunAfter = time.Second
)

// read gives frames to the connections until the session ends.
func (s *session) read() {
	var header [frameHeader]byte
	for {
		if _, err := io.ReadFull(s.carrier, header[:]); err != nil {
			s.end(s.lost("the API server ended the tunnel", err))
			return
		}
		s.hear()
		f := parseFrame(header)
		var err error
		if f.control {
			err = s.readControl(f)
		} else {
			err = s.readData(f)
		}
		if err != nil {
			s.end(s.lost("reading from the API server failed", err))
			return
		}
	}
}

// stale tells that nothing was heard for longer than keepAlive allows: the
// machine has slept, and the other side has most likely given the tunnel up.
func (s *session) stale() bool {
	return time.Now().Unix()-s.clock.Load() > int64(s.limit.Seconds())+1
}

func (s *session) hear() {
	s.heard.Store(int64(time.Since(s.born)))
	s.clock.Store(time.Now().Unix())
	s.unheard.Store(0)
}

func (s *session) readData(f frame) error {
	c := s.conn(f.stream)
	for left := f.length; left > 0; {
		chunk := s.dialer.chunks.get(min(left, maxChunk))
		if c != nil && f.stream == c.dataID {
			s.waitForReader(c)
		}
		if _, err := io.ReadFull(s.carrier, chunk); err != nil {
			return err
		}
		s.hear()
		left -= len(chunk)
		if c == nil || !c.receive(f.stream, chunk) {
			s.dialer.chunks.put(chunk)
		}
	}
	if c != nil && f.flags&flagFin != 0 {
		c.remoteEnd(f.stream)
	}
	return nil
}

// waitForReader waits until the connection has room for data: TCP then slows
// the pod down. On a shared tunnel that would slow the others as well; so
// there, a connection that is not read at all is ended.
func (s *session) waitForReader(c *Conn) {
	for {
		read, full := c.full()
		if !full {
			return
		}
		s.blocked.Store(true)
		timer := time.NewTimer(overrunAfter)
		select {
		case <-read:
		case <-s.done:
		case <-timer.C:
			if s.shared() {
				c.fail(&Error{Kind: Overrun, Pod: s.pod, Port: c.port, Message: "the client does not read, and others share its tunnel"})
			}
		}
		timer.Stop()
		s.blocked.Store(false)
		s.hear()
	}
}

func (s *session) readControl(f frame) error {
	if f.length > maxControl {
		return errors.New("a control frame is too long")
	}
	content := make([]byte, max(f.length, 4))
	if _, err := io.ReadFull(s.carrier, content[:f.length]); err != nil {
		return err
	}
	id := binary.BigEndian.Uint32(content)
	switch f.kind {
	case typeSynReply:
		if c := s.conn(id); c != nil {
			c.accept()
			if f.flags&flagFin != 0 {
				c.remoteEnd(id)
			}
		}
	case typeReset:
		if c := s.conn(id); c != nil {
			c.remoteEnd(id)
		}
	case typePing:
		if id%2 == 1 {
			s.pong(id)
		} else { // the server's
			select {
			case s.pongs <- id:
			default: // it asks faster than it listens
			}
		}
	case typeGoAway:
		s.end(s.lost("the node ended the tunnel", io.EOF))
	}
	return nil
}
