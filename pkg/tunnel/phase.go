package tunnel

// phase is how far a connection is on its way from open to closed:
//
//	              CloseWrite          the pod is silent
//	phaseOpen ──────────────► phaseFinHeld ──────────► phaseFinSent
//	    │                          │                        │
//	    ├──────────────────────────┴────────────────────────┤
//	    │ Close                                             │ end or failure of the pod's side
//	    ▼                                                   ▼
//	phaseClosing ──────────────► phaseClosed ◄───────── phaseEnded
//	           end or failure of           Close
//	           the pod's side
//
// A connection never returns to an earlier phase, so that whatever belongs to a
// change of phase happens once.
type phase int

const (
	// phaseOpen: both sides may send.
	phaseOpen phase = iota
	// phaseFinHeld: CloseWrite was called. The end of our side is held back
	// while the pod answers.
	phaseFinHeld
	// phaseFinSent: the end of our side was sent. The pod may still send.
	phaseFinSent
	// phaseEnded: nothing more comes from the pod. What it sent can be read.
	phaseEnded
	// phaseClosing: Close was called. What the pod still sends is dropped.
	phaseClosing
	// phaseClosed: Close was called, and nothing more comes from the pod.
	phaseClosed
)

// mayBecome reports whether the next phase may follow.
func (p phase) mayBecome(next phase) bool {
	switch p {
	case phaseOpen:
		return next == phaseFinHeld || next == phaseEnded || next == phaseClosing
	case phaseFinHeld:
		return next == phaseFinSent || next == phaseEnded || next == phaseClosing
	case phaseFinSent:
		return next == phaseEnded || next == phaseClosing
	case phaseEnded, phaseClosing:
		return next == phaseClosed
	}
	return false
}

// sends reports whether our side has not ended on the wire.
func (p phase) sends() bool { return p == phaseOpen || p == phaseFinHeld }

// over reports whether nothing more comes from the pod.
func (p phase) over() bool { return p == phaseEnded || p == phaseClosed }

// closed reports whether Close was called.
func (p phase) closed() bool { return p == phaseClosing || p == phaseClosed }

// streamState is how far one of the two streams of a connection is, as the node
// reports it.
type streamState int

const (
	streamRequested streamState = iota
	streamReplied               // the node knows of the stream
	streamEnded                 // the node has ended or reset it
)

// update changes the connection with its lock held. Then, without the lock, it
// does what belongs to a change of phase: it returns the tunnel to the pool when
// our side has ended, and removes the connection from its tunnel when the
// pod's side has, too.
func (c *Conn) update(change func()) {
	c.mu.Lock()
	before := c.phase
	change()
	after, reusable, err := c.phase, c.reusableLocked(), c.err
	c.mu.Unlock()
	if after.over() && !before.over() {
		c.session.forget(c)
		if isKind(err, PodGone) {
			c.session.dialer.retirePod(c.session.pod)
		}
	}
	if before.sends() && !after.sends() {
		c.session.dialer.release(c.session, reusable)
	}
}

// enterLocked begins the next phase, and reports false if that may not follow
// the current one. It stops the timers that the next phase does not need.
func (c *Conn) enterLocked(next phase) bool {
	if !c.phase.mayBecome(next) {
		return false
	}
	c.phase = next
	if next != phaseFinHeld {
		c.timers.hold.stop()
	}
	if next.over() {
		c.timers.reply.stop()
		c.timers.reason.stop()
		c.timers.linger.stop()
	}
	c.notifyLocked()
	return true
}

// endLocked ends the pod's side for a reason, which is io.EOF for a proper end.
// It reports false if that side has already ended.
func (c *Conn) endLocked(why error) bool {
	next := phaseEnded
	if c.phase.closed() {
		next = phaseClosed
	}
	if !c.enterLocked(next) {
		return false
	}
	c.err = why
	return true
}
