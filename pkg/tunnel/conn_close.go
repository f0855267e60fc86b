package tunnel

import (
	"net"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/spdy"
)

const (
	// How long the pod has to be silent before the end of our side is sent; see
	// CloseWrite.
	holdAfterAnswer  = 100 * time.Millisecond
	holdDuringAnswer = 3 * time.Second
	holdBeforeAnswer = 30 * time.Second
	// lingerTimeout is how long the pod's side may stay open after Close.
	lingerTimeout = 30 * time.Second
)

// hold is how long the end of our side is held back: until the pod has been
// silent for a duration since a moment.
type hold struct {
	silence time.Duration
	since   time.Time
}

// CloseWrite announces that nothing more will be written. The protocol cannot
// pass that on to the pod: container runtimes do not half-close a connection,
// but end it a second after either side has. So the end is held back while
// the pod answers, and sent after the pod has been silent for
//
//   - 0.1 seconds if it sent something after the last write: the client has
//     probably closed,
//   - 30 seconds if it did not: the answer is still to come,
//   - 3 seconds between the parts of such an answer.
//
// Without CloseWrite, the end of the pod's side arrives a second late.
func (c *Conn) CloseWrite() error {
	var err error
	c.update(func() {
		switch {
		case c.phase == phaseEnded: // there is nobody to announce it to
		case !c.enterLocked(phaseFinHeld):
			err = net.ErrClosed
		default:
			c.hold = hold{silence: holdBeforeAnswer, since: time.Now()}
			if !c.writtenAt.After(c.heardAt) {
				c.hold = hold{silence: holdAfterAnswer, since: c.heardAt}
			}
			c.sendHeldFinLocked()
		}
	})
	return err
}

// sendHeldFinLocked sends the end of our side if the pod has been silent for long
// enough, and otherwise starts the timer that calls it again.
func (c *Conn) sendHeldFinLocked() {
	if c.phase != phaseFinHeld {
		return
	}
	since := c.hold.since
	if c.heardAt.After(since) {
		since = c.heardAt
	}
	if wait := c.hold.silence - time.Since(since); wait > 0 {
		c.timers.hold.start(wait, func() { c.update(c.sendHeldFinLocked) })
		return
	}
	c.enterLocked(phaseFinSent)
	c.sendFinLocked()
}

// heardLocked notes that the pod has sent data, which may be the beginning of an
// answer after CloseWrite.
func (c *Conn) heardLocked() {
	c.heardAt = time.Now()
	if c.phase == phaseFinHeld && c.hold.silence == holdBeforeAnswer {
		c.hold.silence = holdDuringAnswer
		c.sendHeldFinLocked()
	}
}

// sendFinLocked sends the end of our side of the data stream.
func (c *Conn) sendFinLocked() {
	c.session.queue(func(out []byte) []byte { return spdy.AppendData(out, c.dataStream, true, nil) })
}

// Close ends the connection. It never waits for the network: what is queued in
// the tunnel is sent if possible. The pod sees the end a second later, or
// at once if data was left unread: then the tunnel ends, too, unless others share
// it.
func (c *Conn) Close() error {
	err, unread := net.ErrClosed, false
	c.update(func() {
		if c.phase.closed() {
			return
		}
		err, unread = nil, c.received.size > 0 && !c.phase.over()
		if unread {
			c.dropLocked(c.received.size)
		}
		c.closeLocked()
	})
	if unread && !c.session.shared() {
		c.session.end(&Error{Kind: Closed, Pod: c.session.pod, Message: "data was left unread"})
	}
	return err
}

func (c *Conn) closeLocked() {
	fin := c.phase.sends()
	if c.enterLocked(phaseClosing) {
		c.timers.reply.stop() // linger covers it
		c.timers.linger.start(lingerTimeout, func() {
			c.giveUp("the node did not end the connection in time")
		})
	} else {
		c.enterLocked(phaseClosed)
	}
	if fin {
		c.sendFinLocked()
	}
	close(c.closing)
	c.received.clear()
	c.readDeadline.stop()
	c.writeDeadline.stop()
}
