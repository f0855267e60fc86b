package engine

import (
	"net/netip"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// choose picks the endpoint of a client's new connection or flow, not one of
// those that it tried; false when there is none.
func (e *Engine) choose(b *binding, _ netip.AddrPort, tried []route.Endpoint) (route.Endpoint, bool) {
	left := untried(b.verdict.Endpoints, tried)
	if len(left) == 0 {
		return route.Endpoint{}, false
	}
	return left[e.options.Random(len(left))], true
}
