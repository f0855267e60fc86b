package engine

import (
	"net/netip"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// visit is a client's connection or flow from its begin to its end: what is
// counted and told of it.
type visit struct {
	engine   *Engine
	binding  *binding
	node     *nodePort
	endpoint *endpoint
	access   Access
	// began is when the endpoint was tried that is the last of tried.
	began time.Time
	tried []netip.AddrPort
	// first is the memory of tried for a single address.
	first [1]netip.AddrPort
	// said is what the client has said to endpoints that refused belatedly.
	said []byte
	// arrived tells that an endpoint was reached.
	arrived bool
}

// begin notes that a client came.
func (e *Engine) begin(b *binding, client netip.AddrPort) *visit {
	client = netip.AddrPortFrom(client.Addr().Unmap(), client.Port())
	b.node.clients.Add(1)
	b.node.open.Add(1)
	v := &visit{engine: e, binding: b, node: b.node, access: Access{
		Target: Target{Way: b.way, Client: client}, Started: time.Now(),
	}}
	v.tried = v.first[:0]
	return v
}

// try notes the endpoint that the client is led to.
func (v *visit) try(to *route.Endpoint) {
	v.access.Endpoint = *to
	v.access.Tries++
	v.began = time.Now()
	v.tried = append(v.tried, to.Address)
	v.leave()
	v.endpoint = v.binding.port.enter(to)
}

// leave notes that the client is not led to its endpoint any more.
func (v *visit) leave() {
	if v.endpoint != nil {
		v.endpoint.open.Add(-1)
		v.endpoint = nil
	}
}

// reached notes that the endpoint was.
func (v *visit) reached() {
	took := time.Since(v.began)
	v.access.Dial, v.arrived = took, true
	v.endpoint.clients.Add(1)
	v.endpoint.dials.Add(1)
	v.endpoint.dialTime.Add(int64(took))
	if v.binding.port.failing.Load() > 0 && v.binding.port.excuse(v.endpoint) {
		v.engine.tell(Event{Kind: EndpointRecovered, Way: v.binding.way, Endpoint: v.endpoint.address})
	}
}

// failed notes that the endpoint was not.
func (v *visit) failed(err error) {
	if scarce(err) {
		v.engine.open.short(v.engine, err)
		return
	}
	if v.engine.ending.Err() != nil {
		return
	}
	v.endpoint.failures.Add(1)
	if v.binding.port.blame(v.endpoint, err) {
		v.engine.tell(Event{Kind: EndpointFailed, Way: v.binding.way, Endpoint: v.endpoint.address, Err: err})
	}
}

// sent and received count bytes as they pass; not both ways from several goroutines.
func (v *visit) sent(n int64) {
	v.access.Sent += n
	v.node.sent.Add(n)
	v.endpoint.sent.Add(n)
}

func (v *visit) received(n int64) {
	v.access.Received += n
	v.node.received.Add(n)
	v.endpoint.received.Add(n)
}

// end notes that the client is gone, and why if it was not by both sides' will.
func (v *visit) end(err error) {
	if !v.arrived {
		v.node.failures.Add(1)
	}
	v.leave()
	v.node.open.Add(-1)
	if v.engine.options.Access != nil {
		v.access.Duration, v.access.Err = time.Since(v.access.Started), err
		v.engine.options.Access(&v.access)
	}
}
