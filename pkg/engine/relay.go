package engine

import (
	"errors"
	"net"
	"sync"
	"time"
)

// relay carries bytes both ways between a client and its endpoint, until both
// have said their last or one of them broke off, which then the other meets too.
type relay struct {
	client, endpoint net.Conn
	replay           *replay
	once             sync.Once
	err              error
}

// relay serves a client that an endpoint was found for. When that refuses
// belatedly, and another can take its place, again is true; what the client
// said is in v.said then, and the client is as it was.
func (v *visit) relay(client, endpoint net.Conn) (again bool, err error) {
	r := &relay{client: client, endpoint: endpoint}
	received := v.received
	if c, ok := endpoint.(Unconfirmed); ok {
		r.replay = &replay{confirmed: c.Confirmed(), over: v.engine.options.Strict}
		received = func(n int64) { v.confirm(r); v.received(n) }
	}
	pool := &v.engine.buffers
	forward := &stream{from: client, to: endpoint, pool: pool, count: v.sent, keep: r.replay, first: v.said}
	back := &stream{from: endpoint, to: client, pool: pool, count: received}
	heard, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		err := forward.carry()
		if forward.broken { // by an endpoint that has said its last, perhaps, which the client is to hear
			<-heard
		}
		r.end(err)
	}()
	defer keepAlive(endpoint).Stop()
	r.end(back.carry())
	close(heard)
	<-done
	_ = endpoint.Close()
	if r.refused() {
		v.said = r.replay.said
		v.access.Sent = 0
		_ = client.SetReadDeadline(time.Time{})
		return true, r.err
	}
	if r.err == nil {
		v.confirm(r)
	}
	return false, r.err
}

// keepAlive has an endpoint probed that says nothing: the client cannot find
// out that it is gone, because it is this machine that answers the client's
// probes. It begins after a while, so that short connections do not pay for it.
func keepAlive(endpoint net.Conn) *time.Timer {
	return time.AfterFunc(keepAliveIdle/2, func() {
		if c, ok := endpoint.(interface {
			SetKeepAliveConfig(net.KeepAliveConfig) error
		}); ok {
			_ = c.SetKeepAliveConfig(keepAliveConfig())
		}
	})
}

// confirm notes that an endpoint was reached that could have refused.
func (v *visit) confirm(r *relay) {
	if r.replay.answer() {
		v.reached()
	}
}

// end takes the end of one direction. If it was not the will of its source
// that ends the other as well.
func (r *relay) end(err error) {
	if err == nil {
		return
	}
	r.once.Do(func() {
		r.err = err
		if r.refused() {
			_ = r.client.SetReadDeadline(time.Unix(1, 0))
			_ = r.endpoint.Close()
			return
		}
		abort(r.client)
		abort(r.endpoint)
	})
}

// refused tells whether the client can go to another endpoint.
func (r *relay) refused() bool {
	var refused *RefusedError
	return errors.As(r.err, &refused) && r.replay.possible()
}
