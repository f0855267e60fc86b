package engine

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"
)

// errNoEndpoint tells that there was none to try.
var errNoEndpoint = errors.New("no endpoint")

// reach connects a client to an endpoint. Unless it is to be strict it goes
// through them until one answers, also through those that came meanwhile. err
// is that of the last one, if the client comes back from it.
func (v *visit) reach(open *connection, now func() *binding, err error) (net.Conn, error) {
	for v.mayTry(err) {
		if b := now(); b.port == v.binding.port {
			v.binding = b
		}
		endpoint, ok := v.engine.choose(v.binding, v.access.Client, v.tried)
		if !ok && err == nil {
			err = errNoEndpoint
		}
		if !ok {
			break
		}
		v.try(&endpoint)
		var conn net.Conn
		if conn, err = v.connect(open); err == nil {
			return conn, nil
		}
		v.failed(err)
	}
	return nil, err
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
	ctx, cancel := context.WithTimeout(e.ending, e.options.DialTimeout)
	defer cancel()
	conn, err := e.options.Dialer.Dial(ctx, strings.ToLower(v.access.Way.Protocol), &v.access.Target)
	if err != nil {
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

func (d *directDialer) Dial(ctx context.Context, network string, to *Target) (net.Conn, error) {
	if network == "sctp" {
		deadline, _ := ctx.Deadline()
		return dialSCTP(to.Endpoint.Address, time.Until(deadline))
	}
	return d.DialContext(ctx, network, to.Endpoint.Address.String())
}
