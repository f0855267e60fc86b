package tunnel

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 5 * time.Second
)

// dialLocked begins to open a tunnel. The pools' lock is held.
func (d *Dialer) dialLocked(p *pool) {
	p.dialing++
	d.pools.tunnels++
	go d.dial(p, p.retirements)
}

// dial opens a tunnel and gives it to the first that waits for one. If the pod was
// retired since the dial began, as retirements shows, nobody else gets it.
func (d *Dialer) dial(p *pool, retirements int) {
	if !d.mayDial(p) {
		return
	}
	carrier, fellBack, err := d.handshake(p.pod)
	if fellBack != nil {
		d.options.OnEvent(Event{Kind: FellBack, Pod: p.pod, Err: fellBack})
	}
	if err != nil {
		d.dialFailed(p, dialError(p.pod, err))
		return
	}
	s := newSession(d, p.pod, carrier)
	d.pools.mu.Lock()
	p.dialing--
	p.failures, p.refused = 0, nil
	p.sessions[s] = struct{}{}
	d.pools.byPod[p.pod] = p
	s.retired = p.retirements != retirements && len(p.waiters) == 0
	over := d.offerLocked(p, s)
	d.serveLocked(p)
	if !over && s.users > 0 {
		d.keepSpareLocked(p)
	}
	d.pools.mu.Unlock()
	s.run()
	if over {
		s.end(&Error{Kind: Closed, Pod: s.pod, Message: "nobody needs the tunnel any more"})
	}
	d.options.OnEvent(Event{Kind: Opened, Pod: p.pod})
}

// mayDial waits until it is time to try again after failures, and for a slot. It
// reports false if the tunnel is no longer needed then; otherwise the caller has
// to free the slot.
func (d *Dialer) mayDial(p *pool) bool {
	d.pools.mu.Lock()
	again, wait := p.failures > 0, time.Until(p.retryAt)
	d.pools.mu.Unlock()
	if again && wait > 0 {
		select {
		case <-time.After(wait):
		case <-d.ctx.Done():
		}
	}
	select {
	case d.dialSlots <- struct{}{}:
	case <-d.ctx.Done():
	}
	d.pools.mu.Lock()
	defer d.pools.mu.Unlock()
	if d.ctx.Err() != nil || again && len(p.waiters) == 0 {
		p.dialing--
		d.pools.tunnels--
		if d.ctx.Err() == nil {
			<-d.dialSlots
		}
		return false
	}
	d.pools.dials++
	return true
}

func (d *Dialer) handshake(pod Pod) (c carrier, fellBack, err error) {
	defer func() { <-d.dialSlots }()
	ctx, cancel := context.WithTimeout(d.ctx, d.options.DialTimeout)
	defer cancel()
	return d.upgrader.open(ctx, pod)
}

// dialFailed reports a failure to those who wait: to the first if it is one of
// the network, and to all if it depends on the pod or the user.
func (d *Dialer) dialFailed(p *pool, err *Error) {
	d.pools.mu.Lock()
	p.dialing--
	d.pools.tunnels--
	d.pools.failures++
	if time.Now().After(p.retryAt) { // several failures at once count as one
		backoff := min(firstBackoff<<min(p.failures, 10), lastBackoff)
		p.retryAt = time.Now().Add(backoff/2 + rand.N(backoff/2))
		p.failures++
	}
	if p.refused = nil; err.Kind != Unreachable {
		p.refused = err
	}
	for p.giveLocked(result{err: err}) && p.refused != nil {
	}
	d.serveLocked(p)
	d.pools.mu.Unlock()
	d.options.OnEvent(Event{Kind: DialFailed, Pod: p.pod, Err: err})
}
