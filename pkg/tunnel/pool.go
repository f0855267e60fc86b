package tunnel

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// maxAge is when a tunnel takes no more connections: kubelets and runtimes end
// streaming connections after four hours.
const maxAge = time.Hour

// pools are the tunnels of all pods. mu guards all of them, and what their
// sessions keep for them.
type pools struct {
	mu       sync.Mutex
	closed   bool
	byPod    map[Pod]*pool
	tunnels  int // that stand or are being opened
	dials    uint64
	failures uint64
}

func (p *pools) init() { p.byPod = map[Pod]*pool{} }

// pool is the tunnels of one pod.
type pool struct {
	pod      Pod
	sessions map[*session]struct{}
	idle     []*session // the last one used is the last
	waiters  []chan answer
	dialing  int
	failures int       // in a row
	retryAt  time.Time // when the next tunnel may be opened after them
	refused  error     // until then, unless waiting may help
	// retirements counts how often the pod was told to be gone.
	retirements int
}

// answer is a session to use, or why there is none.
type answer struct {
	session *session
	err     error
}

// of returns the pool of a pod, and drops those that have become empty when it
// makes a new one.
func (p *pools) of(pod Pod) *pool {
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
		case a := <-wait:
			if a.session != nil {
				return a.session, nil
			}
			if last = a.err; !isKind(last, Unreachable) {
				return nil, last
			}
		case <-ctx.Done():
			d.abandon(pod, wait)
			if last == nil {
				last = &Error{Kind: TimedOut, Pod: pod, Message: "no tunnel in time", Err: context.Cause(ctx)}
			}
			return nil, last
		}
	}
}

// take takes an idle session, or else returns where one will be given.
func (d *Dialer) take(pod Pod) (*session, chan answer, error) {
	d.pools.mu.Lock()
	defer d.pools.mu.Unlock()
	if d.pools.closed {
		return nil, nil, &Error{Kind: Closed, Pod: pod, Message: "the tunnels were closed"}
	}
	p := d.pools.of(pod)
	if s := p.takeIdle(); s != nil {
		s.users++
		d.spare(p)
		return s, nil, nil
	}
	if p.refused != nil && time.Now().Before(p.retryAt) {
		return nil, nil, p.refused
	}
	wait := make(chan answer, 1)
	p.waiters = append(p.waiters, wait)
	d.serve(p)
	return nil, wait, nil
}

// abandon is for who no longer waits: a session that was given meanwhile goes back.
func (d *Dialer) abandon(pod Pod, wait chan answer) {
	d.pools.mu.Lock()
	p := d.pools.of(pod)
	p.waiters = slices.DeleteFunc(p.waiters, func(w chan answer) bool { return w == wait })
	d.pools.mu.Unlock()
	select {
	case a := <-wait:
		if a.session != nil {
			d.release(a.session, true)
		}
	default:
	}
}

// room tells whether the pod may have one tunnel more. For its first, an idle
// one of another pod goes.
func (d *Dialer) room(p *pool) bool {
	own := len(p.sessions) + p.dialing
	if own >= d.options.MaxPerPod {
		return false
	}
	if d.pools.tunnels < d.options.MaxTunnels {
		return true
	}
	if own > 0 {
		return false
	}
	for _, other := range d.pools.byPod {
		if len(other.idle) > 0 {
			go d.endIdle(other.idle[0])
			break
		}
	}
	return true
}

// serve has all who wait get a tunnel: one that is being opened, or one more, or
// a share of one. mu is held.
func (d *Dialer) serve(p *pool) {
	for len(p.waiters) > p.dialing && !d.pools.closed {
		if d.room(p) {
			d.dial(p)
			continue
		}
		s := p.leastUsed()
		switch {
		case s != nil:
			s.users++
			p.give(answer{session: s})
		case p.dialing == 0: // all are stuck, or it has none: the caps yield
			d.dial(p)
		default:
			return
		}
	}
}

// spare has one tunnel more than are in use. mu is held.
func (d *Dialer) spare(p *pool) {
	if len(p.idle) == 0 && p.dialing == 0 && p.failures == 0 && len(p.sessions) < d.options.MaxPerPod &&
		d.pools.tunnels < d.options.MaxTunnels {
		d.dial(p)
	}
}

// takeIdle takes the session that was used last and still can be.
func (p *pool) takeIdle() *session {
	for len(p.idle) > 0 {
		s := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		s.expiry.Stop()
		if s.stale() {
			go s.end(s.lost("the tunnel is dead", errors.New("nothing was heard for long")))
			continue
		}
		if !s.retired && s.usable() {
			return s
		}
	}
	return nil
}

// leastUsed is the session that the fewest share, of those that are not stuck.
func (p *pool) leastUsed() *session {
	var least *session
	for s := range p.sessions {
		if !s.retired && !s.doubted && s.usable() && (least == nil || s.users < least.users) {
			least = s
		}
	}
	return least
}

// give answers the first who waits, if there is one.
func (p *pool) give(a answer) bool {
	if len(p.waiters) == 0 {
		return false
	}
	p.waiters[0] <- a
	p.waiters = p.waiters[1:]
	return true
}
