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

// dial begins to open a tunnel. mu is held.
func (d *Dialer) dial(p *pool) {
	p.dialing++
	d.pools.tunnels++
	go d.dialed(p, p.retirements)
}

// dialed opens a tunnel and gives it to who waits first. One of a pod that was
// retired since then, as retirements tells, is for nobody else.
func (d *Dialer) dialed(p *pool, retirements int) {
	if !d.mayDial(p) {
		return
	}
	carrier, fellBack, err := d.handshake(p.pod)
	if fellBack != nil {
		d.options.OnEvent(Event{Kind: FellBack, Pod: p.pod, Err: fellBack})
	}
	if err != nil {
		d.dialFailed(p, refusedDial(p.pod, err))
		return
	}
	s := &session{dialer: d, carrier: carrier, pod: p.pod, buffer: d.options.Buffer, limit: d.options.PingTimeout}
	s.init()
	d.pools.mu.Lock()
	p.dialing--
	p.failures, p.refused = 0, nil
	p.sessions[s] = struct{}{}
	d.pools.byPod[p.pod] = p
	s.retired = p.retirements != retirements && len(p.waiters) == 0
	over := d.offer(p, s)
	d.serve(p)
	if !over && s.users > 0 {
		d.spare(p)
	}
	d.pools.mu.Unlock()
	s.run()
	if over {
		s.end(&Error{Kind: Closed, Pod: s.pod, Message: "nobody needs the tunnel any more"})
	}
	d.options.OnEvent(Event{Kind: Opened, Pod: p.pod})
}

// mayDial waits until it is time to try again after failures, and for its turn.
// It is false, and nothing is dialled, when then nobody waits for that.
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
	case d.turns <- struct{}{}:
	case <-d.ctx.Done():
	}
	d.pools.mu.Lock()
	defer d.pools.mu.Unlock()
	if d.ctx.Err() != nil || again && len(p.waiters) == 0 {
		p.dialing--
		d.pools.tunnels--
		if d.ctx.Err() == nil {
			<-d.turns
		}
		return false
	}
	d.pools.dials++
	return true
}

func (d *Dialer) handshake(pod Pod) (c carrier, fellBack, err error) {
	defer func() { <-d.turns }()
	ctx, cancel := context.WithTimeout(d.ctx, d.options.DialTimeout)
	defer cancel()
	return d.upgrader.open(ctx, pod)
}

// dialFailed tells who waits. What depends on the pod or the user is the same
// for all that wait.
func (d *Dialer) dialFailed(p *pool, err *Error) {
	d.pools.mu.Lock()
	p.dialing--
	d.pools.tunnels--
	d.pools.failures++
	if time.Now().After(p.retryAt) { // of several at a time, one counts
		backoff := min(firstBackoff<<min(p.failures, 10), lastBackoff)
		p.retryAt = time.Now().Add(backoff/2 + rand.N(backoff/2))
		p.failures++
	}
	if p.refused = nil; err.Kind != Unreachable {
		p.refused = err
	}
	for p.give(answer{err: err}) && p.refused != nil {
	}
	d.serve(p)
	d.pools.mu.Unlock()
	d.options.OnEvent(Event{Kind: DialFailed, Pod: p.pod, Err: err})
}
