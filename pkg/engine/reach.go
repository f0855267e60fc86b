package engine

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// errNoEndpoint tells that there was none to try.
var errNoEndpoint = errors.New("no endpoint")

// reach connects to one of a binding's endpoints, and notes in access which.
// Unless it is to be strict, it goes through them until one answers.
func (e *Engine) reach(b *binding, access *Access) (net.Conn, error) {
	var tried []route.Endpoint
	err := errNoEndpoint
	for {
		endpoint, ok := e.choose(b, access.Client, tried)
		if !ok {
			return nil, err
		}
		access.Endpoint = endpoint
		access.Tries++
		var conn net.Conn
		if conn, err = e.dial(&access.Target); err == nil {
			return conn, nil
		}
		if e.options.Strict || e.ending.Err() != nil {
			return nil, err
		}
		tried = append(tried, endpoint)
	}
}

func (e *Engine) dial(to *Target) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(e.ending, e.options.DialTimeout)
	defer cancel()
	return e.options.Dialer.Dial(ctx, strings.ToLower(to.Way.Protocol), to)
}

// directDialer connects to the endpoints' addresses.
type directDialer struct{ net.Dialer }

func (d *directDialer) Dial(ctx context.Context, network string, to *Target) (net.Conn, error) {
	return d.DialContext(ctx, network, to.Endpoint.Address.String())
}

// untried returns the endpoints that are left to be tried.
func untried(endpoints, tried []route.Endpoint) []route.Endpoint {
	if len(tried) == 0 {
		return endpoints
	}
	return slices.DeleteFunc(slices.Clone(endpoints), func(e route.Endpoint) bool {
		return slices.ContainsFunc(tried, func(t route.Endpoint) bool { return t.Address == e.Address })
	})
}
