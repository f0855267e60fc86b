package probe

import (
	"context"
	"net"
	"time"
)

// dialResult is the result of one dial.
type dialResult struct {
	conn net.Conn
	err  error
}

// dialTwice connects. After half of the timeout it dials a second time, and
// continues to wait for the first: on a lossy link, the first packet of a
// connection and all its retransmissions may be lost. The first result wins,
// even if it is a refusal.
func (p *Prober) dialTwice(ctx context.Context, target Target) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout())
	results := make(chan dialResult, 2)
	dial := func() {
		conn, err := p.dial(ctx, target.Network, target.Address())
		results <- dialResult{conn, err}
	}
	go dial()
	half := time.NewTimer(p.timeout() / 2)
	defer half.Stop()
	select {
	case first := <-results:
		cancel()
		return first.conn, first.err
	case <-half.C:
	}
	go dial()
	first := <-results
	cancel()
	go func() {
		if second := <-results; second.conn != nil {
			_ = second.conn.Close()
		}
	}()
	return first.conn, first.err
}
