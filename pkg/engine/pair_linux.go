package engine

import (
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pair is a client's connection with that to its endpoint, as a loop serves them.
type pair struct {
	loop   *loop
	server *loopServer
	visit  *visit

	client, endpoint end
	// up leads to the endpoint, down to the client.
	up, down lane
	// to is the endpoint's address. connecting tells that it has not answered
	// yet, for which it has until deadline.
	to         netip.AddrPort
	connecting bool
	deadline   time.Time
	// young tells that the endpoint is not probed yet, queued that the pair
	// waits for its next turn, and over that it has ended.
	young, queued, over bool
}

// everything is what a socket is watched for: each change is told once.
const everything = unix.EPOLLIN | unix.EPOLLPRI | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

// newPair makes the pair of a client; begin is yet to be called, in the loop.
func newPair(s *loopServer, l *loop, client int) *pair {
	p := &pair{loop: l, server: s}
	p.client = end{pair: p, fd: client, writable: true, prompt: true} // as the listener is
	p.endpoint = end{pair: p, fd: -1}
	p.up = lane{from: &p.client, to: &p.endpoint}
	p.down = lane{from: &p.endpoint, to: &p.client, back: true}
	return p
}

// begin leads a client to an endpoint.
func (p *pair) begin(from netip.AddrPort) {
	l := p.loop
	p.visit = l.engine.begin(p.server.forward.Load(), from)
	p.young = true
	l.young++
	if err := p.visit.pick(p.server.forward.Load, nil); err != nil {
		p.finish(err)
		return
	}
	p.connect()
	if p.over {
		return
	}
	if err := l.watch(p.client.fd, &p.client, everything); err != nil {
		p.finish(err)
	}
}

// step does what can be done now.
func (p *pair) step() {
	if p.connecting && p.endpoint.writable {
		p.connected()
	}
	if p.over || p.connecting || p.endpoint.fd < 0 {
		return
	}
	// What the endpoint says comes first: it may have said all, and what the
	// client says then has it break off.
	more, err := p.down.run(p)
	if err != nil {
		p.breakOff(&p.up, err)
		return
	}
	moreUp, err := p.up.run(p)
	switch {
	case err != nil:
		p.breakOff(&p.down, err)
	case p.up.over && p.down.over:
		p.finish(nil)
	case (more || moreUp) && !p.queued:
		p.queued = true
		p.loop.unfinished = append(p.loop.unfinished, p)
	}
}

// breakOff ends the pair because of an error in one lane, when what the other
// one still had was moved.
func (p *pair) breakOff(other *lane, err error) {
	other.from.readable = true
	for more := true; more; {
		var failed error
		if more, failed = other.run(p); failed != nil {
			break
		}
	}
	p.finish(err)
}

// age does what is due by time: it leaves an endpoint that does not answer,
// and has one probed that was reached a while ago.
func (p *pair) age(now time.Time) {
	switch {
	case p.connecting && !now.Before(p.deadline):
		p.refused(os.ErrDeadlineExceeded)
	case p.young && !p.connecting && now.Sub(p.visit.access.Started) >= keepAliveIdle/2:
		p.grow()
		_ = setKeepAlive(p.endpoint.fd)
	}
}

// grow notes that nothing is due by time any more.
func (p *pair) grow() {
	if p.young {
		p.young = false
		p.loop.young--
	}
}

// handOver gives a client to a goroutine of its own, because its endpoint is
// reached by other means than a socket.
func (p *pair) handOver() {
	p.grow()
	p.loop.unwatch(p.client.fd, &p.client)
	p.over = true
	p.loop.pairs.Add(-1)
	client, err := connOf(p.client.fd)
	if err != nil {
		p.loop.engine.open.short(p.loop.engine, err)
		p.ended(err)
		return
	}
	open := &connection{client: client}
	if !p.loop.engine.open.replace(p, open) {
		abort(client)
	}
	go p.visit.serve(open, p.server.forward.Load)
}

// finish ends the pair: with the ends of both streams, or with a reset because of err.
func (p *pair) finish(err error) {
	if p.over {
		return
	}
	p.over = true
	p.grow()
	p.loop.pairs.Add(-1)
	for _, d := range []*lane{&p.up, &p.down} {
		d.freeHeld(p)
		d.yieldPipe(p)
	}
	for _, e := range []*end{&p.client, &p.endpoint} {
		if e.fd >= 0 {
			p.loop.forget(e.fd, e)
			closeSocket(e.fd, err != nil)
		}
	}
	p.ended(err)
}

// ended tells that the pair has. Who wants to be told of connections may take
// the time that a terminal takes, which is not the loop's.
func (p *pair) ended(err error) {
	if p.loop.engine.options.Access == nil {
		p.visit.ended(p, err)
		return
	}
	go p.visit.ended(p, err)
}

// cut ends the pair from outside its loop. A pair that another loop has taken
// may be known before its begin was posted, which then comes at once.
func (p *pair) cut() {
	p.loop.post(func() {
		if p.visit == nil {
			p.cut()
			return
		}
		p.finish(errCut)
	})
}

// closeSocket closes a socket, with a reset if it is to abort.
func closeSocket(fd int, abort bool) {
	if abort {
		_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	closeNow(fd)
}
