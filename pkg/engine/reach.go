package engine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"
)

// errNoEndpoint tells that there was none to try.
var errNoEndpoint = errors.New("no endpoint")

// pick chooses the endpoint that is to be tried next, at first or after err,
// also of those that came meanwhile; it returns why there is none.
func (v *visit) pick(now func() *binding, err error) error {
	if !v.mayTry(err) {
		return err
	}
	if b := now(); b.port == v.binding.port {
		v.binding = b
	}
	endpoint, ok := v.engine.choose(v.binding, v.access.Client, v.tried)
	switch {
	case ok:
		v.try(&endpoint)
		return nil
	case err == nil:
		return errNoEndpoint
	}
	return err
}

// reach connects a client to the endpoint that was picked. Unless it is to be
// strict it goes through others until one answers.
func (v *visit) reach(open *connection, now func() *binding) (net.Conn, error) {
	for {
		conn, err := v.connect(open)
		if err == nil {
			return conn, nil
		}
		v.failed(err)
		if err := v.pick(now, err); err != nil {
			return nil, err
		}
	}
}

// mayTry tells whether to try an endpoint after an error with another. A
// client that has waited for three time-outs has left, most likely.
func (v *visit) mayTry(err error) bool {
	e := v.engine
	return err == nil || !e.options.Strict && !scarce(err) && e.ending.Err() == nil &&
		time.Since(v.access.Started) < 3*e.options.DialTimeout
}

// connect dials the endpoint that is to be tried.
func (v *visit) connect(open *connection) (net.Conn, error) {
	e := v.engine
	if err := v.endpoint.blocked(time.Now()); err != nil {
		return nil, err
	}
	if err := e.ownEndpoint(&v.access.Target); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(e.ending, e.options.DialTimeout)
	defer cancel()
	conn, err := e.options.Dialer.Dial(ctx, strings.ToLower(v.access.Way.Protocol), &v.access.Target)
	if err != nil {
		return nil, err
	}
	if err := e.ownConnection(v.access.Way.Protocol, conn); err != nil {
		abort(conn)
		return nil, err
	}
	if !e.open.lead(open, conn) {
		abort(conn)
		return nil, errCut
	}
	if e.options.ProxyProtocol != 0 {
		asked := addressOf(open.client.LocalAddr())
		header := proxyHeader(e.options.ProxyProtocol, v.access.Way.Protocol, v.access.Client, asked)
		if _, err := conn.Write(header); err != nil {
			abort(conn)
			return nil, err
		}
	}
	if _, unconfirmed := conn.(Unconfirmed); !unconfirmed {
		v.reached()
	}
	return conn, nil
}

// directDialer connects to the endpoints' addresses. Keep-alive probes are
// begun by the relay, for those connections that last.
type directDialer struct{ net.Dialer }

func newDirectDialer() *directDialer { return &directDialer{net.Dialer{KeepAlive: -1}} }

// Address implements [Addresser].
func (d *directDialer) Address(to *Target) (netip.AddrPort, bool) { return to.Endpoint.Address, true }

func (d *directDialer) Dial(ctx context.Context, network string, to *Target) (net.Conn, error) {
	if network == "sctp" {
		deadline, _ := ctx.Deadline()
		return dialSCTP(to.Endpoint.Address, time.Until(deadline))
	}
	return d.DialContext(ctx, network, to.Endpoint.Address.String())
}
