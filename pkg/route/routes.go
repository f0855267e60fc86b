package route

import (
	"cmp"
	"iter"
	"net"
	"strconv"
)

// Route is one path to a service port from outside: an address of a node, and
// the verdict for packets that arrive there. It points into the table.
type Route struct {
	Node    *Node
	Address *Address
	Verdict *Verdict
}

// Routes returns an iterator over the routes to a port, node by node, one for
// each address of the service's IP families. A node without such an address has
// no route.
func (t *Table) Routes(service *Service, port *Port) iter.Seq[Route] {
	return func(yield func(Route) bool) {
		verdict := t.verdicts(service, port)
		v4, v6 := service.Has(IPv4), service.Has(IPv6)
		for i := range t.Nodes {
			node := &t.Nodes[i]
			for j := range node.Addresses {
				address := &node.Addresses[j]
				family := service.family(address)
				served := family == IPv4 && v4 || family == IPv6 && v6
				if served && !yield(Route{node, address, verdict(node, family)}) {
					return
				}
			}
		}
	}
}

// verdicts returns a function that computes the verdict of a node. It computes a
// verdict once where it is the same on all nodes.
func (t *Table) verdicts(service *Service, port *Port) func(*Node, Family) *Verdict {
	if service.ExternalLocal || port.hinted() {
		return func(node *Node, family Family) *Verdict {
			verdict := t.FromOutside(node, service, port, family)
			return &verdict
		}
	}
	v4 := t.FromOutside(&Node{}, service, port, IPv4)
	v6 := t.FromOutside(&Node{}, service, port, IPv6)
	return func(_ *Node, family Family) *Verdict {
		if family == IPv6 {
			return &v6
		}
		return &v4
	}
}

func (p *Port) hinted() bool {
	for i := range p.Endpoints {
		if len(p.Endpoints[i].ForNodes) > 0 || len(p.Endpoints[i].ForZones) > 0 {
			return true
		}
	}
	return false
}

// family returns the family of the address. A DNS name may resolve to either
// family; the service's first one is assumed.
func (s *Service) family(address *Address) Family {
	if address.IP.IsValid() {
		return FamilyOf(address.IP)
	}
	if len(s.ClusterIPs) > 0 {
		return FamilyOf(s.ClusterIPs[0])
	}
	return IPv4
}

// Answers reports whether a client should reach the service on this route, as
// far as is known.
func (r Route) Answers() bool {
	return (r.Verdict.Action == Forward || r.Verdict.Action == Unknown) && r.Node.Problem == ""
}

// Reason returns in a few words why a client may not reach the service; it is
// empty when Answers is true.
func (r Route) Reason() string {
	if r.Node.Problem != "" {
		return r.Node.Problem
	}
	return r.Verdict.Reason
}

// HostPort joins a node's address and a port, with IPv6 addresses in brackets.
func (a *Address) HostPort(port uint16) string {
	return net.JoinHostPort(a.Host, strconv.Itoa(int(port)))
}

// OpenedPort returns the port number that is opened for the node port; zero when
// the node port is not allocated yet.
func (p *Port) OpenedPort() uint16 { return cmp.Or(p.Opened, p.NodePort) }

// URL returns a URL for the port at a node's address. It is empty when the port
// does not look like HTTP.
func (p *Port) URL(address *Address) string {
	if p.Scheme == "" {
		return ""
	}
	return p.Scheme + "://" + address.HostPort(p.OpenedPort())
}
