package engine

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// portKey tells the ports of a service apart, as kube-proxy does.
type portKey struct{ name, protocol string }

// servicePort is what is remembered of a service port from plan to plan.
type servicePort struct {
	mu        sync.Mutex
	endpoints map[netip.AddrPort]*endpoint
	nodes     map[string]*nodePort
	// failing counts the endpoints that fail now.
	failing atomic.Int32
}

// nodePort is what is remembered of a service port on one node: by its node
// port and its cluster IP alike.
type nodePort struct {
	counters
	affinity affinity
}

// endpoint is what is remembered of an endpoint that was tried.
type endpoint struct {
	counters
	address netip.AddrPort
	pod     string

	mu sync.Mutex
	// inARow counts the failures since it was last reached; it is tried last
	// until the time of again.
	inARow int
	again  time.Time
	// reason is why it was not reached when it was last tried.
	reason error
}

func newServicePort() *servicePort {
	return &servicePort{endpoints: map[netip.AddrPort]*endpoint{}, nodes: map[string]*nodePort{}}
}

// on returns the port on a node.
func (p *servicePort) on(node string) *nodePort {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.nodes[node] == nil {
		p.nodes[node] = &nodePort{}
	}
	return p.nodes[node]
}

// enter puts a client on an endpoint, and returns what is known of it.
func (p *servicePort) enter(e *route.Endpoint) *endpoint {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.endpoints[e.Address]
	if known == nil {
		known = &endpoint{address: e.Address, pod: e.Pod}
		p.endpoints[e.Address] = known
	}
	known.open.Add(1)
	return known
}

// forget drops the endpoints and nodes that are not there now, and that no
// client is on.
func (p *servicePort) forget(now []route.Endpoint, nodes []route.Node) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, node := range p.nodes {
		gone := !slices.ContainsFunc(nodes, func(n route.Node) bool { return n.Name == name })
		if gone && node.open.Load() == 0 {
			delete(p.nodes, name)
		}
	}
	if len(p.endpoints) == 0 {
		return
	}
	kept := make(map[netip.AddrPort]bool, len(now))
	for i := range now {
		kept[now[i].Address] = true
	}
	for address, e := range p.endpoints {
		if !kept[address] && e.open.Load() == 0 {
			delete(p.endpoints, address)
			p.excuse(e)
		}
	}
}

// The first time that an endpoint fails it is tried last for firstPause, then
// for twice as long each time, up to lastPause.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// blame registers that an endpoint could not be reached because of err; it
// returns true when that is new.
func (p *servicePort) blame(e *endpoint, err error) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if own := (*OwnSocketError)(nil); errors.As(err, &own) && e.reason == err { //nolint:errorlint // the very error that blocked returned: it was not tried
		return false
	}
	e.reason = err
	pause := lastPause
	if e.inARow < 5 {
		pause = firstPause << e.inARow
	}
	e.inARow++
	e.again = time.Now().Add(pause)
	if e.inARow == 1 {
		p.failing.Add(1)
	}
	return e.inARow == 1
}

// excuse notes that an endpoint was reached; it returns true when it failed before.
func (p *servicePort) excuse(e *endpoint) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	failed := e.inARow > 0
	e.inARow, e.reason = 0, nil
	if failed {
		p.failing.Add(-1)
	}
	return failed
}

// fails tells whether an endpoint is better tried last.
func (p *servicePort) fails(address netip.AddrPort, now time.Time) bool {
	p.mu.Lock()
	e := p.endpoints[address]
	p.mu.Unlock()
	if e == nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.inARow > 0 && now.Before(e.again)
}

// blocked returns the OwnSocketError of an endpoint that led back to the engine
// a moment ago, which is not tried again: each try would be a new client.
func (e *endpoint) blocked(now time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if own := (*OwnSocketError)(nil); e.inARow > 0 && now.Before(e.again) && errors.As(e.reason, &own) {
		return e.reason
	}
	return nil
}

// failure is why it was not reached when it was last tried; nil if it was.
func (e *endpoint) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.reason
}

// failing tells whether it was not reached when it was last tried.
func (e *endpoint) failing() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.inARow > 0
}

// counters count clients, that is connections and flows.
type counters struct {
	// clients counts all of them, open those that have not ended.
	clients, open atomic.Int64
	// failures counts, of a node's port, clients that reached no endpoint; of
	// an endpoint, the times it was not reached.
	failures       atomic.Int64
	sent, received atomic.Int64
	// dials and dialTime, in nanoseconds, are of the times an endpoint was reached.
	dials, dialTime atomic.Int64
}
