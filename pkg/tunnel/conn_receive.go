package tunnel

import (
	"errors"
	"io"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/spdy"
)

// These methods are called by the goroutine that reads the tunnel.

const (
	// replyTimeout is how long the node may take to reply to the streams of a
	// connection: as long as in client-go's tools/portforward.
	replyTimeout = 30 * time.Second
	// reasonTimeout is how long the reason may arrive after the end of the data.
	reasonTimeout = 2 * time.Second
	// maxReason is the longest reason of a failure that is kept, in bytes.
	maxReason = 4 << 10
	// maxDropped is how much a connection may receive after Close, in bytes. If it
	// is more, its tunnel is not used again.
	maxDropped = 256 << 10
)

// replied notes that the node knows of a stream.
func (c *Conn) replied(stream uint32) {
	c.update(func() {
		if state := c.stateLocked(stream); *state == streamRequested {
			*state = streamReplied
			c.timers.reply.stop()
		}
	})
}

func (c *Conn) stateLocked(stream uint32) *streamState {
	if stream == c.errorStream {
		return &c.node.errors
	}
	return &c.node.data
}

// full reports whether nothing more may be received until something is read. It
// returns a channel that is closed when that may have changed.
func (c *Conn) full() (<-chan struct{}, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase.closed() || c.phase.over() || c.received.cost() < c.session.buffer {
		return nil, false
	}
	return c.changeLocked(), true
}

// receive takes data of one of the two streams. It reports whether it keeps the
// buffer.
func (c *Conn) receive(stream uint32, data []byte) (kept bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case stream == c.errorStream:
		c.node.reason = append(c.node.reason, data[:min(len(data), maxReason-len(c.node.reason))]...)
	case c.phase.closed() || c.phase.over() || c.node.data == streamEnded:
		c.dropLocked(len(data))
	default:
		c.heardLocked()
		return c.keepLocked(data)
	}
	return false
}

// dropLocked counts data that nobody can read any more. When it becomes too much,
// it takes the tunnel out of use, once.
func (c *Conn) dropLocked(size int) {
	before := c.dropped
	c.dropped += size
	if before <= maxDropped && c.dropped > maxDropped {
		go c.session.dialer.retire(c.session) // not with the lock held
	}
}

// keepLocked passes data to the direct writer or buffers it. It reports whether
// it keeps the buffer.
func (c *Conn) keepLocked(data []byte) bool {
	passed := 0
	if c.direct != nil {
		passed = c.direct.TryWrite(data)
		c.directed += int64(passed)
		if passed == len(data) {
			return false
		}
		c.direct = nil // the rest has to wait, and what follows has to wait for the rest
	}
	c.received.add(data, passed)
	c.notifyLocked()
	return true
}

// streamEnded notes the end of one of the two streams. A reset looks the same as
// a proper end; the reason tells them apart, and may arrive later.
func (c *Conn) streamEnded(stream uint32) {
	c.update(func() {
		state := c.stateLocked(stream)
		if *state == streamEnded || c.phase.over() {
			return
		}
		*state = streamEnded
		switch {
		case c.node.ended():
			c.endByNodeLocked()
		case stream == c.dataStream:
			c.timers.reason.start(reasonTimeout, func() { c.streamEnded(c.errorStream) })
		}
	})
}

// endByNodeLocked ends the pod's side, and ours, so that the node forgets the
// connection.
func (c *Conn) endByNodeLocked() {
	why := io.EOF
	if len(c.node.reason) > 0 {
		why = parseReason(c.session.pod, c.port, string(c.node.reason))
	}
	fin := c.phase.sends()
	if c.endLocked(why) && fin {
		c.sendFinLocked()
	}
}

// fail ends the connection for a reason that is not the node's, and resets the
// data stream unless both sides have ended it.
func (c *Conn) fail(why error) {
	c.update(func() {
		if lost := (*Error)(nil); !c.node.known() && errors.As(why, &lost) && lost.Kind == Lost {
			why = &Error{Kind: Stale, Pod: lost.Pod, Port: c.port, Message: lost.Message, Err: lost.Err}
		}
		open := c.phase.sends() || c.node.data != streamEnded
		if c.endLocked(why) && open {
			c.session.queue(func(out []byte) []byte { return spdy.AppendReset(out, c.dataStream) })
		}
	})
}

// giveUp ends a connection of which the node does not report what it should, and
// takes its tunnel out of use.
func (c *Conn) giveUp(message string) {
	c.session.dialer.retire(c.session)
	c.fail(&Error{Kind: TimedOut, Pod: c.session.pod, Port: c.port, Message: message})
}
