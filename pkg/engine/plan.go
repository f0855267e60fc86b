package engine

import (
	"net/netip"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// socket is where the engine listens.
type socket struct {
	protocol string
	address  netip.AddrPort
}

// binding is what a socket leads to.
type binding struct {
	way     Way
	verdict route.Verdict
	// affinity is how long a client keeps its endpoint; zero for not at all.
	affinity time.Duration
}

// plan is what a table asks for.
type plan struct {
	bindings map[socket]*binding
	// clashes are bindings whose socket an earlier one has: of two services
	// with one node port, or two nodes with one address.
	clashes []*binding
}

// newPlan tells which sockets a table wants, also those that are not to be
// opened because kube-proxy would refuse.
func newPlan(table *route.Table, clusterIPs bool) *plan {
	p := &plan{bindings: map[socket]*binding{}}
	for i := range table.Services {
		service := &table.Services[i]
		for j := range service.Ports {
			port := &service.Ports[j]
			p.addNodePort(table, service, port)
			if clusterIPs && len(table.Nodes) > 0 {
				p.addClusterIPs(table, service, port)
			}
		}
	}
	return p
}

func (p *plan) addNodePort(table *route.Table, service *route.Service, port *route.Port) {
	if port.NodePort == 0 {
		return
	}
	for r := range table.Routes(service, port) {
		if !r.Address.IP.IsValid() || r.Verdict.Action == route.Closed {
			continue
		}
		way := wayOf(service, port, r.Node)
		way.Address = netip.AddrPortFrom(r.Address.IP, port.NodePort)
		p.add(&binding{way: way, verdict: *r.Verdict, affinity: service.Affinity})
	}
}

func (p *plan) addClusterIPs(table *route.Table, service *route.Service, port *route.Port) {
	node := &table.Nodes[0]
	for _, ip := range service.ClusterIPs {
		verdict := table.FromInside(node, service, port, route.FamilyOf(ip))
		if verdict.Action == route.Closed {
			continue
		}
		way := wayOf(service, port, node)
		way.Inside = true
		way.Address = netip.AddrPortFrom(ip, port.Port)
		p.add(&binding{way: way, verdict: verdict, affinity: service.Affinity})
	}
}

func (p *plan) add(b *binding) {
	at := socket{b.way.Protocol, b.way.Address}
	if _, taken := p.bindings[at]; taken {
		p.clashes = append(p.clashes, b)
		return
	}
	p.bindings[at] = b
}

func wayOf(service *route.Service, port *route.Port, node *route.Node) Way {
	return Way{
		Namespace: service.Namespace, Service: service.Name, PortName: port.Name,
		Protocol: port.Protocol, NodePort: port.NodePort, Port: port.Port, Node: node.Name,
	}
}
