package tunnel

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// Conn is a connection to a port of a pod. It is a net.Conn, whose errors are
// of type *Error, except for io.EOF, net.ErrClosed and those of deadlines. All
// methods may be called concurrently.
//
// There is no sign that the pod accepted the connection, only that it did not.
// If Read fails before it has returned a byte, the data written so far can be
// written to another pod.
type Conn struct {
	session                 *session
	port                    uint16
	errorStream, dataStream uint32
	readDeadline            deadline
	writeDeadline           deadline
	closing                 chan struct{} // closed by Close

	// mu guards what follows. Nothing waits for the network while it is held.
	// It may be held while the lock of the session is taken, but not the other
	// way round, and not while that of the pools is taken.
	mu        sync.Mutex
	phase     phase
	err       error         // why the pod's side has ended; io.EOF for a proper end
	changed   chan struct{} // closed by the next change; nil while nobody waits
	received  receiveBuffer
	direct    TryWriter // takes received data at once; nil unless WriteTo waits
	directed  int64     // bytes that it took
	dropped   int       // bytes that were received and could not be read
	written   int       // bytes
	writtenAt time.Time // the last of them
	heardAt   time.Time // the last data from the pod
	hold      hold
	node      nodeState
	timers    struct {
		reply  timer // until the node replies to the streams
		hold   timer // until the end of our side may be sent
		reason timer // between the ends of the data and of the reason
		linger timer // between Close and the end of the pod's side
	}
}

// nodeState is what the node reported of the streams of a connection.
type nodeState struct {
	errors, data streamState
	reason       []byte // text on the error stream: why the connection failed
}

// known reports whether the node knows of the connection.
func (n *nodeState) known() bool {
	return n.errors != streamRequested || n.data != streamRequested
}

// ended reports whether nothing more can come from the node. A reason is the
// end even without an end of the data: nodes write it last.
func (n *nodeState) ended() bool {
	return n.errors == streamEnded && (n.data == streamEnded || len(n.reason) > 0)
}

var _ net.Conn = (*Conn)(nil)

func newConn(s *session, port uint16, errorStream, dataStream uint32) *Conn {
	c := &Conn{
		session: s, port: port, errorStream: errorStream, dataStream: dataStream,
		closing:  make(chan struct{}),
		received: receiveBuffer{pool: &s.dialer.chunks},
	}
	c.mu.Lock() // for the timer's function
	defer c.mu.Unlock()
	c.timers.reply.start(replyTimeout, func() {
		c.giveUp("the node did not accept the connection in time")
	})
	return c
}

// Write hands data to the tunnel. It waits only until there is room, not for the
// network.
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
		expired := c.writeDeadline.expired()
		if isClosed(expired) {
			return os.ErrDeadlineExceeded
		}
		room, change, err := c.tryWrite(part)
		if room == nil {
			return err
		}
		select {
		case <-room:
		case <-change:
		case <-expired:
		case <-c.closing:
		case <-c.session.done:
		}
	}
}

// tryWrite queues data. If there is no room, it returns two channels: one is
// closed when there is room, the other when the connection changes.
func (c *Conn) tryWrite(part []byte) (room, change <-chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.writableLocked(); err != nil {
		return nil, nil, err
	}
	room, err = c.session.writeData(c.dataStream, part)
	if room != nil {
		return room, c.changeLocked(), nil
	}
	c.written += len(part)
	c.writtenAt = time.Now()
	return nil, nil, err
}

// writableLocked returns why nothing can be written, or nil.
func (c *Conn) writableLocked() error {
	switch {
	case c.phase == phaseOpen:
		return nil
	case c.phase != phaseEnded:
		return net.ErrClosed
	case errors.Is(c.err, io.EOF):
		return &Error{Kind: Closed, Pod: c.session.pod, Port: c.port, Message: "the pod closed the connection"}
	}
	return c.err
}

// reusableLocked reports whether the tunnel can be used again without a probe of
// the node: nothing that the pod sent was dropped, and all that was written has
// been read. A little that was answered has been.
func (c *Conn) reusableLocked() bool {
	const little = 64 << 10
	switch {
	case c.dropped > 0:
		return false
	case c.written == 0:
		return true
	}
	failed := c.err != nil && !errors.Is(c.err, io.EOF) || len(c.node.reason) > 0
	return c.written <= little && c.heardAt.After(c.writtenAt) && !failed
}

// SetDeadline implements net.Conn, for this connection alone.
func (c *Conn) SetDeadline(t time.Time) error {
	return c.setDeadlines(t, &c.readDeadline, &c.writeDeadline)
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, &c.readDeadline) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, &c.writeDeadline) }

// setDeadlines holds the lock so that no timer is started after Close.
func (c *Conn) setDeadlines(t time.Time, deadlines ...*deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase.closed() {
		return net.ErrClosed
	}
	for _, d := range deadlines {
		d.set(t)
	}
	return nil
}

// LocalAddr implements net.Conn. Its text is empty, as no address of this
// machine is the pod's peer.
func (c *Conn) LocalAddr() net.Addr { return address("") }

// RemoteAddr implements net.Conn: the pod's namespace and name, and the port.
func (c *Conn) RemoteAddr() net.Addr {
	return address(net.JoinHostPort(c.session.pod.String(), strconv.Itoa(int(c.port))))
}

type address string

func (address) Network() string  { return "tunnel" }
func (a address) String() string { return string(a) }

// changeLocked returns a channel that notifyLocked closes.
func (c *Conn) changeLocked() <-chan struct{} {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// notifyLocked wakes the goroutines that wait for a change.
func (c *Conn) notifyLocked() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}
