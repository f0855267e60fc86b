package engine

import (
	"net/netip"
	"slices"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// choose picks the endpoint of a client's new connection or flow, not one of
// those that were tried for it; false when there is none. As with kube-proxy
// any is as likely as another, unless the client is bound to one. Unless it is
// to be strict, it leaves those for last that fail.
func (e *Engine) choose(b *binding, client netip.AddrPort, tried []netip.AddrPort) (route.Endpoint, bool) {
	if b.affinity == 0 {
		return e.draw(b, tried)
	}
	if address, ok := b.node.affinity.of(client.Addr(), b.affinity); ok {
		is := func(e route.Endpoint) bool { return e.Address == address }
		if i := slices.IndexFunc(b.verdict.Endpoints, is); i >= 0 && !slices.Contains(tried, address) && !e.avoids(b, address) {
			b.node.affinity.pin(client.Addr(), address, b.affinity)
			return b.verdict.Endpoints[i], true
		}
	}
	endpoint, ok := e.draw(b, tried)
	if ok {
		b.node.affinity.pin(client.Addr(), endpoint.Address, b.affinity)
	}
	return endpoint, ok
}

// draw picks one of the endpoints that were not tried, of those that do not
// fail if there are such.
func (e *Engine) draw(b *binding, tried []netip.AddrPort) (route.Endpoint, bool) {
	left := b.verdict.Endpoints
	if len(tried) > 0 {
		left = slices.DeleteFunc(slices.Clone(left), func(e route.Endpoint) bool {
			return slices.Contains(tried, e.Address)
		})
	}
	if len(left) == 0 {
		return route.Endpoint{}, false
	}
	endpoint := left[e.options.Random(len(left))]
	if !e.avoids(b, endpoint.Address) {
		return endpoint, true
	}
	well := slices.DeleteFunc(slices.Clone(left), func(endpoint route.Endpoint) bool { return e.avoids(b, endpoint.Address) })
	if len(well) == 0 {
		return endpoint, true
	}
	return well[e.options.Random(len(well))], true
}

// avoids tells whether an endpoint fails, so that others are tried first.
func (e *Engine) avoids(b *binding, address netip.AddrPort) bool {
	return !e.options.Strict && b.port.failing.Load() > 0 && b.port.fails(address, time.Now())
}
