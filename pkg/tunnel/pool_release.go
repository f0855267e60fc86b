package tunnel

import (
	"slices"
	"time"
)

// release takes a session back when our side of a connection has ended. Unless
// it is known to be reusable, the node is probed first.
func (d *Dialer) release(s *session, reusable bool) {
	d.pools.mu.Lock()
	s.users--
	s.suspect = s.suspect || !reusable
	d.pools.mu.Unlock()
	if reusable {
		d.reuse(s)
	} else {
		s.probe()
	}
}

// probePassed notes that the node answered the probe of a session.
func (d *Dialer) probePassed(s *session) {
	d.pools.mu.Lock()
	s.suspect = false
	d.pools.mu.Unlock()
	d.reuse(s)
}

// reuse gives a session that has no users to a waiter, or makes it idle.
func (d *Dialer) reuse(s *session) {
	d.pools.mu.Lock()
	over := false
	if p := d.pools.byPod[s.pod]; p != nil {
		over = d.offerLocked(p, s)
	}
	d.pools.mu.Unlock()
	if over {
		s.end(&Error{Kind: Closed, Pod: s.pod, Message: "the tunnel is no longer needed"})
	}
}

// offerLocked gives a session that has no users to a waiter, or makes it idle. It
// reports true if the caller has to end the session instead.
func (d *Dialer) offerLocked(p *pool, s *session) (over bool) {
	_, known := p.sessions[s]
	switch {
	case !known || s.users > 0 || slices.Contains(p.idle, s):
		return false
	case s.suspect && !s.retired:
		return false
	case s.retired || d.pools.closed || !s.usable() || time.Since(s.opened) > maxAge:
		return true
	case p.giveLocked(result{session: s}):
		s.users++
		return false
	}
	p.idle = append(p.idle, s)
	s.expiry = time.AfterFunc(d.options.Idle, func() { d.endUnused(s) })
	return false
}

// endUnused ends a session if it has no users.
func (d *Dialer) endUnused(s *session) {
	d.pools.mu.Lock()
	unused := s.users == 0
	s.retired = s.retired || unused
	if p := d.pools.byPod[s.pod]; p != nil && unused {
		p.idle = slices.DeleteFunc(p.idle, func(other *session) bool { return other == s })
	}
	d.pools.mu.Unlock()
	if unused {
		s.end(&Error{Kind: Closed, Pod: s.pod, Message: "the tunnel was idle"})
	}
}

// retire makes a session take no more connections: it ends when it has no users.
func (d *Dialer) retire(s *session) {
	d.pools.mu.Lock()
	s.retired = true
	d.pools.mu.Unlock()
	d.endUnused(s)
}

// retirePod retires all sessions of a pod, including those that are being opened.
func (d *Dialer) retirePod(pod Pod) {
	d.pools.mu.Lock()
	var all []*session
	if p := d.pools.byPod[pod]; p != nil {
		p.retirements++
		for s := range p.sessions {
			s.retired = true
			all = append(all, s)
		}
	}
	d.pools.mu.Unlock()
	for _, s := range all {
		d.endUnused(s)
	}
}

// sessionEnded removes a session from its pool.
func (d *Dialer) sessionEnded(s *session, why error) {
	d.pools.mu.Lock()
	d.pools.tunnels--
	if p := d.pools.byPod[s.pod]; p != nil {
		delete(p.sessions, s)
		p.idle = slices.DeleteFunc(p.idle, func(other *session) bool { return other == s })
		d.serveLocked(p)
	}
	if s.expiry != nil {
		s.expiry.Stop()
	}
	d.pools.mu.Unlock()
	if isKind(why, Closed) {
		why = nil
	}
	d.options.OnEvent(Event{Kind: Ended, Pod: s.pod, Err: why})
}

// closePools fails all waiters and returns the sessions, which the caller has to
// end.
func (d *Dialer) closePools() []*session {
	d.pools.mu.Lock()
	defer d.pools.mu.Unlock()
	d.pools.closed = true
	var all []*session
	for _, p := range d.pools.byPod {
		for p.giveLocked(result{err: &Error{Kind: Closed, Pod: p.pod, Message: "the tunnels were closed"}}) {
		}
		for s := range p.sessions {
			all = append(all, s)
		}
	}
	return all
}
