package engine

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// Status is what an engine does at a moment.
type Status struct {
	// Connections counts those of TCP that are open, and MaxConnections those
	// that may be; 0 for any number.
	Connections    int `json:"connections"`
	MaxConnections int `json:"maxConnections"`
	// Ports are those of the services, sorted as in the table.
	Ports []PortStatus `json:"ports"`
}

// PortStatus is one port of a service, on all nodes.
type PortStatus struct {
	Namespace string `json:"namespace"`
	Service   string `json:"service"`
	PortName  string `json:"portName,omitempty"`
	Protocol  string `json:"protocol"`
	NodePort  uint16 `json:"nodePort"`
	Port      uint16 `json:"port"`
	// Addresses are where it is asked.
	Addresses []AddressStatus `json:"addresses"`
	// Nodes and Endpoints count its clients by the node that they asked, and by
	// the endpoint that they got; there are only endpoints that were tried.
	Nodes     []NodeStatus     `json:"nodes"`
	Endpoints []EndpointStatus `json:"endpoints"`
}

// AddressStatus is one address on which a service port is asked.
type AddressStatus struct {
	Node    string         `json:"node"`
	Address netip.AddrPort `json:"address"`
	// Inside tells that it is the cluster IP.
	Inside bool `json:"inside,omitempty"`
	// State is "open", "refuses", "drops", "failed", or "forbidden" where the
	// options do not allow the address.
	State string `json:"state"`
	// Reason says in a few words why it is not open.
	Reason string `json:"reason,omitempty"`
}

// NodeStatus counts the clients of a service port on one node.
type NodeStatus struct {
	Node string `json:"node"`
	Counts
}

// EndpointStatus counts the clients of an endpoint.
type EndpointStatus struct {
	Address netip.AddrPort `json:"address"`
	Pod     string         `json:"pod,omitempty"`
	// Failing reports that it was not reached when it was last tried, and Reason
	// why.
	Failing bool   `json:"failing,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Counts
}

// Counts count clients, that is connections and UDP flows, since the service
// port is there.
type Counts struct {
	Clients int64 `json:"clients"`
	Open    int64 `json:"open"`
	// Failures are, of a node, clients that reached no endpoint; of an
	// endpoint, the times it was not reached.
	Failures int64 `json:"failures"`
	// Sent and Received are the bytes to the endpoints and from them.
	Sent     int64 `json:"sentBytes"`
	Received int64 `json:"receivedBytes"`
	// Dials counts how often an endpoint was reached, and DialSeconds is the
	// sum of the time that it took; both are 0 of a node.
	Dials       int64   `json:"dials,omitempty"`
	DialSeconds float64 `json:"dialSeconds,omitempty"`
}

// Status tells what the engine does now.
func (e *Engine) Status() *Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &Status{Connections: e.open.count(), MaxConnections: e.open.most(), Ports: []PortStatus{}}
	index := map[*servicePort]int{}
	add := func(b *binding, address AddressStatus) {
		if b.health != nil {
			return
		}
		i, known := index[b.port]
		if !known {
			i = len(s.Ports)
			index[b.port] = i
			s.Ports = append(s.Ports, b.port.status(b.way))
		}
		s.Ports[i].Addresses = append(s.Ports[i].Addresses, address)
	}
	for _, b := range e.planned.order {
		add(b, e.ports[b.socket()].status())
	}
	for _, b := range e.planned.clashes {
		clash := &ClashError{Holder: e.planned.bindings[b.socket()].way}
		add(b, AddressStatus{Node: b.way.Node, Address: b.way.Address, Inside: b.way.Inside, State: "failed", Reason: clash.Error()})
	}
	return s
}

func (p *port) status() AddressStatus {
	b := p.binding
	s := AddressStatus{Node: b.way.Node, Address: b.way.Address, Inside: b.way.Inside, Reason: b.reason()}
	switch {
	case isNotAllowed(p.failed):
		s.State, s.Reason = "forbidden", p.told.Error()
	case p.failed != nil:
		s.State, s.Reason = "failed", p.told.Error()
	case !b.listens():
		s.State = "refuses"
	case b.verdict.Action == route.Drop:
		s.State = "drops"
	default:
		s.State = "open"
	}
	return s
}

func (p *servicePort) status(way Way) PortStatus {
	s := PortStatus{
		Namespace: way.Namespace, Service: way.Service, PortName: way.PortName, Protocol: way.Protocol,
		NodePort: way.NodePort, Port: way.Port, Nodes: []NodeStatus{}, Endpoints: []EndpointStatus{},
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(p.nodes)) {
		s.Nodes = append(s.Nodes, NodeStatus{Node: name, Counts: p.nodes[name].read()})
	}
	for _, e := range p.endpoints {
		state := EndpointStatus{Address: e.address, Pod: e.pod, Failing: e.failing(), Counts: e.read()}
		if err := e.failure(); err != nil {
			state.Reason = err.Error()
		}
		s.Endpoints = append(s.Endpoints, state)
	}
	slices.SortFunc(s.Endpoints, func(a, b EndpointStatus) int { return cmp.Or(a.Address.Compare(b.Address), cmp.Compare(a.Pod, b.Pod)) })
	return s
}

func (c *counters) read() Counts {
	return Counts{
		Clients: c.clients.Load(), Open: c.open.Load(), Failures: c.failures.Load(),
		Sent: c.sent.Load(), Received: c.received.Load(),
		Dials: c.dials.Load(), DialSeconds: float64(c.dialTime.Load()) / 1e9,
	}
}
