package tunnel

import (
	"io"
	"net"
	"time"
)

const (
	// reasonTimeout is how long the end of a connection waits to be told why.
	reasonTimeout = 2 * time.Second
	// The pod's silence after which an end of writing is passed on; see CloseWrite.
	holdAfterAnswer = 100 * time.Millisecond
	holdInAnswer    = 3 * time.Second
	holdForAnswer   = 30 * time.Second
	// maxResidue is what a connection may receive after Close before its tunnel
	// is rather given up.
	maxResidue = 256 << 10
)

// ending is how far our end of a connection is.
type ending struct {
	asked bool          // CloseWrite was called
	at    time.Time     // then
	hold  time.Duration // the pod's silence to wait for
	sent  bool
	timer *time.Timer
}

// CloseWrite tells the pod that nothing more will be written, as far as the
// protocol can. It cannot: container runtimes pass no end of one direction on,
// but end the connection a second after it. So it is held back while the pod
// answers, and sent when the pod is silent: for 0.1 seconds where it sent
// something after the last write, as then the client has probably closed; for
// 30 seconds where it did not, as then the answer is still to come, and for 3
// between the parts of such an answer. Without CloseWrite a pod's own end
// arrives a second late.
func (c *Conn) CloseWrite() error {
	c.mu.Lock()
	if c.closed || c.ending.asked {
		c.mu.Unlock()
		return net.ErrClosed
	}
	c.ending.asked, c.ending.at, c.ending.hold = true, time.Now(), holdForAnswer
	if !c.wroteAt.After(c.heardAt) {
		c.ending.hold, c.ending.at = holdAfterAnswer, c.heardAt
	}
	c.notify() // wakes a Write that waits for room
	sent := c.endWritingLocked()
	c.mu.Unlock()
	if sent {
		c.release()
	}
	return nil
}

// holdPassed is what the timer of the ending calls.
func (c *Conn) holdPassed() {
	c.mu.Lock()
	sent := c.endWritingLocked()
	c.mu.Unlock()
	if sent {
		c.release()
	}
}

// endWritingLocked sends the end of writing if it is time for that, and reports
// whether it did; otherwise it starts the timer that calls it again. c.mu is
// held since the ending began, so that receive finds the timer.
func (c *Conn) endWritingLocked() (sent bool) {
	if c.closed || c.ending.sent || c.over() {
		return false
	}
	since := c.ending.at
	if c.heardAt.After(since) {
		since = c.heardAt
	}
	if wait := c.ending.hold - time.Since(since); wait > 0 {
		c.ending.timer = time.AfterFunc(wait, c.holdPassed)
		return false
	}
	c.sendFin()
	return true
}

// sendFin ends our direction; c.mu is held.
func (c *Conn) sendFin() {
	if c.ending.sent {
		return
	}
	c.ending.sent = true
	c.session.control(func(out []byte) []byte { return appendData(out, c.dataID, flagFin, nil) })
}

// Close ends the connection. It never waits for the network: what the tunnel has
// not yet sent is sent if it can be. The pod sees the end a second later, or at
// once where data was left unread, for which the tunnel is given up.
func (c *Conn) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return net.ErrClosed
	}
	c.closed = true
	close(c.closing)
	unread := c.size > 0 && !c.over()
	for _, chunk := range c.chunks {
		c.session.dialer.chunks.put(chunk)
	}
	c.chunks, c.size = nil, 0
	if !c.over() {
		c.sendFin()
	}
	c.notify()
	c.stopTimers()
	c.mu.Unlock()
	if unread && !c.session.shared() {
		c.session.end(&Error{Kind: Closed, Pod: c.session.pod, Message: "data was left unread"})
	}
	c.release()
	return nil
}

func (c *Conn) stopTimers() {
	c.creation.Stop()
	c.readBy.stop()
	c.writeBy.stop()
	if c.ending.timer != nil {
		c.ending.timer.Stop()
	}
}

// over tells whether nothing more comes from the node; c.mu is held. A reason
// without an end of the data is the end, too: nodes write it last.
func (c *Conn) over() bool {
	return c.failure != nil || c.reasonEnded && (c.dataEnded || len(c.reason) > 0)
}

// end is what Read returns when the connection is over.
func (c *Conn) end() error {
	switch {
	case c.failure != nil:
		return c.failure
	case len(c.reason) > 0:
		return told(c.session.pod, c.port, string(c.reason))
	}
	return io.EOF
}

// release gives the session back to the pool when nothing more is written here:
// what the pod still sends comes to its end within a second.
func (c *Conn) release() {
	c.mu.Lock()
	first := !c.released
	c.released = true
	good := c.allRead()
	c.mu.Unlock()
	if first {
		c.session.dialer.release(c.session, good)
	}
}

// allRead tells whether all that was written has been read on the node: a little
// that was answered has been, and nothing waits in the way of others. c.mu is held.
func (c *Conn) allRead() bool {
	const little = 64 << 10
	return c.wrote == 0 || c.wrote <= little && c.heardAt.After(c.wroteAt) && c.failure == nil && len(c.reason) == 0
}
