package route

import (
	"cmp"
	"iter"
	"net"
	"strconv"
)

// Route is one way to a service port from outside: an address of a node, and
// what a client meets there. It points into the table.
type Route struct {
	Node    *Node
	Address *Address
	Verdict *Verdict
}

// Routes yields the ways to a port, node by node, one for each address of the
// service's families. A node with no such address yields nothing.
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

// verdicts remembers the verdict where it is the same on every node, so that
// many nodes cost no more than one.
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

// family is that of the address; a DNS name may resolve to any, and is taken
// for the service's first.
func (s *Service) family(address *Address) Family {
	if address.IP.IsValid() {
		return FamilyOf(address.IP)
	}
	if len(s.ClusterIPs) > 0 {
		return FamilyOf(s.ClusterIPs[0])
	}
	return IPv4
}

// Answers tells whether a client should get through this way, as far as is known.
func (r Route) Answers() bool {
	return (r.Verdict.Action == Forward || r.Verdict.Action == Unknown) && r.Node.Problem == ""
}

// Reason says in a few words why a client may not get through; it is empty
// when Answers is true.
func (r Route) Reason() string {
	if r.Node.Problem != "" {
		return r.Node.Problem
	}
	return r.Verdict.Reason
}

// HostPort writes a node's address with a node port, IPv6 in brackets.
func (a *Address) HostPort(port uint16) string {
	return net.JoinHostPort(a.Host, strconv.Itoa(int(port)))
}

// OpenedPort is the number under which the node port is opened; zero when there
// is none yet.
func (p *Port) OpenedPort() uint16 { return cmp.Or(p.Opened, p.NodePort) }

// URL writes the way to a port for a browser or curl. It is empty when the
// port does not look like HTTP.
func (p *Port) URL(address *Address) string {
	if p.Scheme == "" {
		return ""
	}
	return p.Scheme + "://" + address.HostPort(p.OpenedPort())
}
