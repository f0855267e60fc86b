package tunnel

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is a connection to a port of a pod. It is a net.Conn, whose errors are
// *Error but for those of deadlines, io.EOF and net.ErrClosed. Any of its
// methods may be called at the same time as others.
//
// Whether the pod takes the connection is not told; only that it does not.
// What was written so far can be written to another pod where Read fails
// before it returned a byte.
type Conn struct {
	session         *session
	port            uint16
	errorID, dataID uint32

	readBy, writeBy deadline
	creation        *time.Timer
	accepted        atomic.Bool // the node knows of the connection

	closing chan struct{} // closed by Close

	mu          sync.Mutex
	changed     chan struct{} // closed at the next change; nil while nobody waits
	chunks      [][]byte      // received and not read
	begin       int           // of what is not read of the first
	size        int           // of all that is not read
	eager       TryWriter     // where what comes may go at once; nil unless WriteTo waits, and nothing is left
	passed      int64         // bytes that went there
	residue     int           // bytes received after Close
	reason      []byte        // what the node says of a failure
	failure     error         // what ended the connection other than the node
	dataEnded   bool
	reasonEnded bool
	closed      bool
	wrote       int // bytes
	wroteAt     time.Time
	heardAt     time.Time
	ending      ending
	released    bool // the pool knows that it writes no more
	forgotten   bool // so does the session
}

var _ net.Conn = (*Conn)(nil)

func newConn(s *session, port uint16, errorID, dataID uint32) *Conn {
	c := &Conn{
		session: s, port: port, errorID: errorID, dataID: dataID,
		closing: make(chan struct{}),
	}
	c.creation = time.AfterFunc(creationTimeout, func() {
		s.dialer.retireSession(s)
		c.fail(&Error{Kind: TimedOut, Pod: s.pod, Port: port, Message: "the node did not take the connection in time"})
	})
	return c
}

// Write sends data to the pod, or rather hands it to the tunnel, and waits only
// for room there.
func (c *Conn) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		part := p[written:min(len(p), written+maxData)]
		if err := c.writePart(part); err != nil {
			return written, err
		}
		written += len(part)
	}
	return written, nil
}

func (c *Conn) writePart(part []byte) error {
	for {
		passed := c.writeBy.passed()
		if isClosed(passed) {
			return os.ErrDeadlineExceeded
		}
		c.mu.Lock()
		if err := c.writable(); err != nil {
			c.mu.Unlock()
			return err
		}
		room, err := c.session.data(c.dataID, part)
		if room == nil {
			c.wrote += len(part)
			c.wroteAt = time.Now()
			c.mu.Unlock()
			return err
		}
		change := c.change()
		c.mu.Unlock()
		select {
		case <-room:
		case <-change:
		case <-passed:
		case <-c.closing:
		case <-c.session.done:
		}
	}
}

// writable says why nothing can be written. c.mu is held.
func (c *Conn) writable() error {
	switch {
	case c.closed, c.ending.asked:
		return net.ErrClosed
	case c.over():
		if err := c.end(); !errors.Is(err, io.EOF) {
			return err
		}
		return &Error{Kind: Closed, Pod: c.session.pod, Port: c.port, Message: "the pod closed the connection"}
	}
	return nil
}

// SetDeadline implements net.Conn, for this connection alone.
func (c *Conn) SetDeadline(t time.Time) error {
	c.readBy.set(t)
	c.writeBy.set(t)
	return nil
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.readBy.set(t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.writeBy.set(t)
	return nil
}

// LocalAddr implements net.Conn; its text is empty, as none of this machine's
// addresses is the pod's peer.
func (c *Conn) LocalAddr() net.Addr { return address("") }

// RemoteAddr implements net.Conn: the pod's namespace and name, and the port.
func (c *Conn) RemoteAddr() net.Addr {
	return address(net.JoinHostPort(c.session.pod.String(), strconv.Itoa(int(c.port))))
}

type address string

func (address) Network() string  { return "tunnel" }
func (a address) String() string { return string(a) }
