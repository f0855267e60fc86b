package tunnel

import (
	"slices"
	"time"
)

// release takes a session back from one that used it. Unless all is clear,
// it is asked first whether it is still good.
func (d *Dialer) release(s *session, good bool) {
	d.pools.mu.Lock()
	s.users--
	s.doubted = s.doubted || !good
	d.pools.mu.Unlock()
	if good {
		d.reuse(s)
	} else {
		s.doubt()
	}
}

// cleared ends a doubt: the session is good.
func (d *Dialer) cleared(s *session) {
	d.pools.mu.Lock()
	s.doubted = false
	d.pools.mu.Unlock()
	d.reuse(s)
}

// reuse has a session used by who waits, or idle, if nobody uses it.
func (d *Dialer) reuse(s *session) {
	d.pools.mu.Lock()
	over := false
	if p := d.pools.byPod[s.pod]; p != nil {
		over = d.offer(p, s)
	}
	d.pools.mu.Unlock()
	if over {
		s.end(&Error{Kind: Closed, Pod: s.pod, Message: "the tunnel has served its time"})
	}
}

// offer gives a session without users to who waits, or keeps it idle; it tells
// whether the session is to be ended instead. mu is held.
func (d *Dialer) offer(p *pool, s *session) (over bool) {
	_, known := p.sessions[s]
	switch {
	case !known || s.users > 0 || slices.Contains(p.idle, s):
		return false
	case s.doubted && !s.retired:
		return false
	case s.retired || d.pools.closed || !s.usable() || time.Since(s.born) > maxAge:
		return true
	case p.give(answer{session: s}):
		s.users++
		return false
	}
	p.idle = append(p.idle, s)
	s.expiry = time.AfterFunc(d.options.Idle, func() { d.endIdle(s) })
	return false
}

// endIdle ends a session if nobody uses it.
func (d *Dialer) endIdle(s *session) {
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

// retireSession has a session take no more connections.
func (d *Dialer) retireSession(s *session) {
	d.pools.mu.Lock()
	s.retired = true
	d.pools.mu.Unlock()
	d.endIdle(s)
}

// retire does so for all of a pod's.
func (d *Dialer) retire(pod Pod) {
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
		d.endIdle(s)
	}
}

// sessionEnded drops a session.
func (d *Dialer) sessionEnded(s *session, why error) {
	d.pools.mu.Lock()
	d.pools.tunnels--
	if p := d.pools.byPod[s.pod]; p != nil {
		delete(p.sessions, s)
		p.idle = slices.DeleteFunc(p.idle, func(other *session) bool { return other == s })
		d.serve(p)
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

// closePools refuses who waits and returns the sessions to be ended.
func (d *Dialer) closePools() []*session {
	d.pools.mu.Lock()
	defer d.pools.mu.Unlock()
	d.pools.closed = true
	var all []*session
	for _, p := range d.pools.byPod {
		for p.give(answer{err: &Error{Kind: Closed, Pod: p.pod, Message: "the tunnels were closed"}}) {
		}
		for s := range p.sessions {
			all = append(all, s)
		}
	}
	return all
}
