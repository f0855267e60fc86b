package probe

import (
	"context"
	"net"
	"time"
)

// dialed is what became of a dial.
type dialed struct {
	conn net.Conn
	err  error
}

// dialTwice connects, and dials a second time when half the timeout has passed,
// without giving up the first: on a link that loses packets, the first packet of
// a connection and those that repeat it may all be lost. The first answer wins,
// also a refusal.
func (p *Prober) dialTwice(ctx context.Context, target Target) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout())
	answers := make(chan dialed, 2)
	dial := func() {
		conn, err := p.dial(ctx, target.Network, target.Address())
		answers <- dialed{conn, err}
	}
	go dial()
	again := time.NewTimer(p.timeout() / 2)
	defer again.Stop()
	select {
	case first := <-answers:
		cancel()
		return first.conn, first.err
	case <-again.C:
	}
	go dial()
	first := <-answers
	cancel()
	go func() {
		if second := <-answers; second.conn != nil {
			_ = second.conn.Close()
		}
	}()
	return first.conn, first.err
}
