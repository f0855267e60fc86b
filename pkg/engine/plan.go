package engine

import (
	"net/netip"
	"slices"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// socket is where the engine listens.
type socket struct {
	protocol string
	address  netip.AddrPort
}

// binding is what a socket leads to. It never changes: another one takes its
// place.
type binding struct {
	way     Way
	verdict route.Verdict
	// affinity is how long a client keeps its endpoint; zero for not at all.
	affinity time.Duration
	// serving are the endpoints, also those that get no new flows, that keep
	// the flows of UDP they have; nil for other protocols.
	serving []netip.AddrPort
	// health is set for a health check node port, which leads nowhere.
	health *health
	// port and node are what is remembered of the service port, everywhere and
	// on the way's node, from one plan to the next.
	port *servicePort
	node *nodePort
}

func (b *binding) socket() socket { return socket{b.way.Protocol, b.way.Address} }

// listens tells whether a socket is open. One that refuses is not: the kernel
// answers what is sent to it as kube-proxy would.
func (b *binding) listens() bool {
	return b.health != nil || b.verdict.Action == route.Forward || b.verdict.Action == route.Drop
}

// reason says in a few words why a binding does not forward.
func (b *binding) reason() string {
	if b.verdict.Action == route.Unknown {
		return "endpoints are not known"
	}
	return b.verdict.Reason
}

// plan is what a table asks for.
type plan struct {
	nodes            []route.Node
	endpointsUnknown bool
	services         map[serviceKey]*plannedService
	list             []*plannedService // as the table has them
	// bindings are all that are wanted, also those that are not to be opened
	// because kube-proxy would refuse; order has them as the table has.
	bindings map[socket]*binding
	order    []*binding
	// clashes are bindings whose socket an earlier one has: of two services
	// with one node port, or two nodes with one address.
	clashes []*binding
}

type serviceKey struct{ namespace, name string }

// plannedService is what one service asks for.
type plannedService struct {
	service  *route.Service
	bindings []*binding
	ports    map[portKey]*servicePort
}

// newPlan tells which sockets a table wants. Of the plan before it takes over
// what did not change: a service costs next to nothing whose endpoints are in
// the same slices as before. When nothing changed it is the plan before.
func newPlan(table *route.Table, clusterIPs bool, before *plan) *plan {
	p := &plan{
		nodes: table.Nodes, endpointsUnknown: table.EndpointsUnknown,
		list: make([]*plannedService, 0, len(table.Services)),
	}
	surroundings := p.endpointsUnknown == before.endpointsUnknown && sameNodes(p.nodes, before.nodes)
	for i := range table.Services {
		service := &table.Services[i]
		key := serviceKey{service.Namespace, service.Name}
		planned := before.services[key]
		if planned == nil || !surroundings || !sameService(planned.service, service) {
			planned = before.planService(table, service, clusterIPs)
		}
		planned.service = service // the table that it was planned from is not kept
		p.list = append(p.list, planned)
	}
	if surroundings && before.services != nil && slices.Equal(p.list, before.list) {
		before.nodes = p.nodes
		return before
	}
	p.join(len(before.bindings))
	return p
}

// join puts together what the services ask for; about as many sockets are
// expected.
func (p *plan) join(expected int) {
	p.services = make(map[serviceKey]*plannedService, len(p.list))
	p.bindings, p.order = make(map[socket]*binding, expected), make([]*binding, 0, expected)
	for _, planned := range p.list {
		p.services[serviceKey{planned.service.Namespace, planned.service.Name}] = planned
		for _, b := range planned.bindings {
			p.add(b)
		}
	}
}

func (p *plan) add(b *binding) {
	at := b.socket()
	if _, taken := p.bindings[at]; taken {
		p.clashes = append(p.clashes, b)
		return
	}
	p.bindings[at] = b
	p.order = append(p.order, b)
}

// planService makes the bindings of a service, and reuses those of this plan
// that would come out the same.
func (p *plan) planService(table *route.Table, service *route.Service, clusterIPs bool) *plannedService {
	planned := &plannedService{service: service, ports: map[portKey]*servicePort{}}
	known := p.services[serviceKey{service.Namespace, service.Name}]
	for i := range service.Ports {
		port := &service.Ports[i]
		key := portKey{port.Name, port.Protocol}
		if known != nil && known.ports[key] != nil {
			planned.ports[key] = known.ports[key]
			planned.ports[key].forget(port.Endpoints, table.Nodes)
		} else {
			planned.ports[key] = newServicePort()
		}
		planned.addNodePort(table, port)
		if clusterIPs && len(table.Nodes) > 0 {
			planned.addClusterIPs(table, port)
		}
	}
	planned.addHealthCheck(table)
	for i, b := range planned.bindings {
		if before := p.bindings[b.socket()]; before != nil && before.same(b) {
			planned.bindings[i] = before
		}
	}
	return planned
}

func (s *plannedService) addNodePort(table *route.Table, port *route.Port) {
	if port.NodePort == 0 {
		return
	}
	serving := keepers(port)
	for r := range table.Routes(s.service, port) {
		if !r.Address.IP.IsValid() || r.Verdict.Action == route.Closed {
			continue
		}
		way := wayOf(s.service, port, r.Node)
		way.Address = netip.AddrPortFrom(r.Address.IP, port.OpenedPort())
		s.add(way, *r.Verdict, serving)
	}
}

func (s *plannedService) addClusterIPs(table *route.Table, port *route.Port) {
	node, serving := &table.Nodes[0], keepers(port)
	for _, ip := range s.service.ClusterIPs {
		verdict := table.FromInside(node, s.service, port, route.FamilyOf(ip))
		if verdict.Action == route.Closed {
			continue
		}
		way := wayOf(s.service, port, node)
		way.Inside = true
		way.Address = netip.AddrPortFrom(ip, port.Port)
		s.add(way, verdict, serving)
	}
}

func (s *plannedService) add(way Way, verdict route.Verdict, serving []netip.AddrPort) {
	port := s.ports[portKey{way.PortName, way.Protocol}]
	s.bindings = append(s.bindings, &binding{
		way: way, verdict: verdict, affinity: s.service.Affinity, serving: serving, port: port, node: port.on(way.Node),
	})
}

func wayOf(service *route.Service, port *route.Port, node *route.Node) Way {
	return Way{
		Namespace: service.Namespace, Service: service.Name, PortName: port.Name,
		Protocol: port.Protocol, NodePort: port.NodePort, Port: port.Port, Node: node.Name,
	}
}
