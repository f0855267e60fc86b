package tunnel

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// maxAge is the age at which a tunnel takes no more connections: kubelets and
// container runtimes end streaming connections after four hours.
const maxAge = time.Hour

// pools holds the tunnels of all pods. mu guards everything in it, and the fields
// that sessions keep for it.
type pools struct {
	mu       sync.Mutex
	closed   bool
	byPod    map[Pod]*pool
	tunnels  int // open, or being opened
	dials    uint64
	failures uint64
}

func (p *pools) init() { p.byPod = map[Pod]*pool{} }

// pool holds the tunnels of one pod.
type pool struct {
	pod      Pod
	sessions map[*session]struct{}
	idle     []*session // the most recently used one is the last
	waiters  []chan result
	dialing  int
	failures int       // in a row
	retryAt  time.Time // when the next tunnel may be opened after failures
	refused  error     // what dials return until then, unless waiting may help
	// retirements counts how often the pod was reported to be gone.
	retirements int
}

// result is a session to use, or the reason why there is none.
type result struct {
	session *session
	err     error
}

// ofLocked returns the pool of a pod. When it makes a new one, it deletes those
// that have become empty.
func (p *pools) ofLocked(pod Pod) *pool {
	if found := p.byPod[pod]; found != nil {
		return found
	}
	for old, q := range p.byPod {
		if len(q.sessions)+len(q.waiters)+q.dialing == 0 && time.Since(q.retryAt) > lastBackoff {
			delete(p.byPod, old)
		}
	}
	made := &pool{pod: pod, sessions: map[*session]struct{}{}}
	p.byPod[pod] = made
	return made
}

// session returns a session for one more connection to a pod.
func (d *Dialer) session(ctx context.Context, pod Pod) (*session, error) {
	var last error
	for {
		s, wait, err := d.take(pod)
		if s != nil || err != nil {
			return s, err
		}
		select {
		case r := <-wait:
			if r.session != nil {
				return r.session, nil
			}
			if last = r.err; !isKind(last, Unreachable) {
				return nil, last
			}
		case <-ctx.Done():
			d.stopWaiting(pod, wait)
			if last == nil {
				last = &Error{Kind: TimedOut, Pod: pod, Message: "no tunnel in time", Err: context.Cause(ctx)}
			}
			return nil, last
		}
	}
}

// take takes an idle session, or returns a channel on which one will be given.
func (d *Dialer) take(pod Pod) (*session, chan result, error) {
	d.pools.mu.Lock()
	defer d.pools.mu.Unlock()
	if d.pools.closed {
		return nil, nil, &Error{Kind: Closed, Pod: pod, Message: "the tunnels were closed"}
	}
	p := d.pools.ofLocked(pod)
	if s := p.takeIdleLocked(); s != nil {
		s.users++
		d.keepSpareLocked(p)
		return s, nil, nil
	}
	if p.refused != nil && time.Now().Before(p.retryAt) {
		return nil, nil, p.refused
	}
	wait := make(chan result, 1)
	p.waiters = append(p.waiters, wait)
	d.serveLocked(p)
	return nil, wait, nil
}

// stopWaiting is for callers of take that no longer wait. It returns the session
// that was given meanwhile.
func (d *Dialer) stopWaiting(pod Pod, wait chan result) {
	d.pools.mu.Lock()
	p := d.pools.ofLocked(pod)
	p.waiters = slices.DeleteFunc(p.waiters, func(w chan result) bool { return w == wait })
	d.pools.mu.Unlock()
	select {
	case r := <-wait:
		if r.session != nil {
			d.release(r.session, true)
		}
	default:
	}
}

// mayGrowLocked reports whether the pod may have one more tunnel. For its first
// one, it ends an idle one of another pod.
func (d *Dialer) mayGrowLocked(p *pool) bool {
	own := len(p.sessions) + p.dialing
	switch {
	case own >= d.options.MaxPerPod:
		return false
	case d.pools.tunnels < d.options.MaxTunnels:
		return true
	case own > 0:
		return false
	}
	for _, other := range d.pools.byPod {
		if len(other.idle) > 0 {
			go d.endUnused(other.idle[0])
			break
		}
	}
	return true
}

// serveLocked gives each waiter a tunnel: one that is being opened, a new one,
// or a share of one.
func (d *Dialer) serveLocked(p *pool) {
	for len(p.waiters) > p.dialing && !d.pools.closed {
		if d.mayGrowLocked(p) {
			d.dialLocked(p)
			continue
		}
		s := p.leastUsedLocked()
		switch {
		case s != nil:
			s.users++
			p.giveLocked(result{session: s})
		case p.dialing == 0: // all are blocked, or the pod has none: exceed the limits
			d.dialLocked(p)
		default:
			return
		}
	}
}

// keepSpareLocked opens one more tunnel than are in use.
func (d *Dialer) keepSpareLocked(p *pool) {
	if len(p.idle) == 0 && p.dialing == 0 && p.failures == 0 && len(p.sessions) < d.options.MaxPerPod &&
		d.pools.tunnels < d.options.MaxTunnels {
		d.dialLocked(p)
	}
}

// takeIdleLocked takes the most recently used session that is still usable. It
// returns nil if there is none.
func (p *pool) takeIdleLocked() *session {
	for len(p.idle) > 0 {
		s := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		s.expiry.Stop()
		switch {
		case s.stale():
			go s.end(s.lost("the tunnel is dead", errors.New("nothing was received for long")))
		case s.retired || !s.usable():
			go s.end(&Error{Kind: Closed, Pod: s.pod, Message: "the tunnel cannot be used again"})
		default:
			return s
		}
	}
	return nil
}

// leastUsedLocked returns the usable session with the fewest connections, or nil.
func (p *pool) leastUsedLocked() *session {
	var least *session
	for s := range p.sessions {
		if !s.retired && !s.suspect && s.usable() && (least == nil || s.users < least.users) {
			least = s
		}
	}
	return least
}

// giveLocked gives a result to the first waiter. It reports false if there is none.
func (p *pool) giveLocked(r result) bool {
	if len(p.waiters) == 0 {
		return false
	}
	p.waiters[0] <- r
	p.waiters = p.waiters[1:]
	return true
}
