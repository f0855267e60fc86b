package tunnel

import (
	"errors"
	"time"
)

// What a session's reader tells a connection.

// accept is the node's consent to a stream.
func (c *Conn) accept() {
	c.creation.Stop()
	c.accepted.Store(true)
}

// full tells whether the buffer is, and returns what is closed when that may
// have changed.
func (c *Conn) full() (<-chan struct{}, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.over() || c.size < c.session.buffer {
		return nil, false
	}
	return c.change(), true
}

// receive takes data of one of the two streams, and tells whether it keeps the
// buffer that this is in.
func (c *Conn) receive(stream uint32, data []byte) (kept bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case stream == c.errorID:
		const enough = 4 << 10
		c.reason = append(c.reason, data[:min(len(data), enough-len(c.reason))]...)
	case c.closed, c.over():
		if c.residue += len(data); c.residue > maxResidue {
			go c.session.dialer.endIdle(c.session)
		}
	default:
		c.hear()
		return c.keep(data)
	}
	return false
}

// hear notes that the pod has said something; c.mu is held.
func (c *Conn) hear() {
	c.heardAt = time.Now()
	if c.ending.asked && c.ending.hold == holdForAnswer {
		c.ending.hold = holdInAnswer
		if c.ending.timer != nil { // nil once the end was sent
			c.ending.timer.Reset(holdInAnswer)
		}
	}
}

// keep has data read, unless all of it can be passed on at once, and tells
// whether it does; c.mu is held.
func (c *Conn) keep(data []byte) bool {
	begin := 0
	if c.eager != nil {
		begin = c.eager.TryWrite(data)
		c.passed += int64(begin)
		if begin == len(data) {
			return false
		}
		c.eager, c.begin = nil, begin // it waits for nothing any more, but for its goroutine
	}
	c.chunks = append(c.chunks, data)
	c.size += len(data) - begin
	c.notify()
	return true
}

// remoteEnd is the end of one of the two streams, or its reset, which looks the
// same: the reason tells them apart.
func (c *Conn) remoteEnd(stream uint32) {
	c.mu.Lock()
	if stream == c.errorID {
		c.reasonEnded = true
	} else {
		c.dataEnded = true
	}
	if c.dataEnded && !c.reasonEnded {
		time.AfterFunc(reasonTimeout, func() { c.remoteEnd(c.errorID) })
	}
	c.mu.Unlock()
	c.settle()
}

// fail ends the connection for a reason of our own.
func (c *Conn) fail(why error) {
	c.mu.Lock()
	if c.over() {
		c.mu.Unlock()
		return
	}
	c.failure = why
	if lost := (*Error)(nil); !c.accepted.Load() && errors.As(why, &lost) && lost.Kind == Lost {
		c.failure = &Error{Kind: Stale, Pod: lost.Pod, Port: c.port, Message: lost.Message, Err: lost.Err}
	}
	if !c.ending.sent {
		c.ending.sent = true
		c.session.control(func(out []byte) []byte { return appendReset(out, c.dataID) })
	}
	c.mu.Unlock()
	c.settle()
}

// settle, once the connection is over, has it forgotten.
func (c *Conn) settle() {
	c.mu.Lock()
	if !c.over() || c.forgotten {
		c.mu.Unlock()
		return
	}
	c.forgotten = true
	why := c.end()
	if !c.ending.sent { // so that the node forgets it, too
		c.sendFin()
	}
	c.notify()
	c.creation.Stop()
	if c.ending.timer != nil {
		c.ending.timer.Stop()
	}
	c.mu.Unlock()
	c.session.forget(c)
	if isKind(why, PodGone) {
		c.session.dialer.retire(c.session.pod)
	}
	c.release()
}

// change returns a channel that is closed by notify; c.mu is held.
func (c *Conn) change() <-chan struct{} {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// notify wakes who waits for a change; c.mu is held.
func (c *Conn) notify() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}
