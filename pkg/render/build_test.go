package render

import (
	"fmt"
	"net/netip"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// web is service shop/web: 30033 → 82 → 300 on 10.3.11.5, with endpoints on
// node-a and node-b.
func web(changes ...func(*route.Service)) route.Service {
	s := route.Service{
		Namespace: "shop", Name: "web", Type: "NodePort",
		ClusterIPs: []netip.Addr{netip.MustParseAddr("10.3.11.5")},
		Ports: []route.Port{{
			Name: "http", Protocol: "TCP", NodePort: 30033, Port: 82, Target: "300", Scheme: "http",
			Endpoints: []route.Endpoint{endpoint("10.2.1.7:300", "node-a"), endpoint("10.2.2.8:300", "node-b")},
		}},
	}
	for _, change := range changes {
		change(&s)
	}
	return s
}

// port changes the first port of a service.
func port(change func(*route.Port)) func(*route.Service) {
	return func(s *route.Service) { change(&s.Ports[0]) }
}

func local(s *route.Service) { s.ExternalLocal = true }

func dualStack(s *route.Service) {
	s.ClusterIPs = append(s.ClusterIPs, netip.MustParseAddr("fd00::5"))
	s.Ports[0].Endpoints = append(s.Ports[0].Endpoints, endpoint("[fd00:2::7]:300", "node-a"))
}

func noEndpoints(s *route.Service) { s.Ports[0].Endpoints = nil }

func notReady(s *route.Service) {
	for i := range s.Ports[0].Endpoints {
		s.Ports[0].Endpoints[i].Ready = false
	}
}

func endpoint(address, node string) route.Endpoint {
	return route.Endpoint{
		Address: netip.MustParseAddrPort(address), Node: node, Pod: "web-" + node, Ready: true, Serving: true,
	}
}

// node has the given addresses, as InternalIPs.
func node(name string, ips ...string) route.Node {
	n := route.Node{Name: name}
	for _, ip := range ips {
		n.Addresses = append(n.Addresses, route.Address{Host: ip, IP: netip.MustParseAddr(ip), Type: "InternalIP"})
	}
	return n
}

// down is a node that is not Ready.
func down(name, ip string) route.Node {
	n := node(name, ip)
	n.Problem = "NotReady"
	return n
}

func twoNodes() []route.Node {
	return []route.Node{node("node-a", "10.1.11.4"), node("node-b", "10.1.11.5")}
}

// manyNodes are node-001 to node-n, of which those in ill are not Ready.
func manyNodes(n int, ill ...int) []route.Node {
	var nodes []route.Node
	for i := 1; i <= n; i++ {
		nodes = append(nodes, node(fmt.Sprintf("node-%03d", i), fmt.Sprintf("10.1.%d.%d", i/250, i%250+1)))
	}
	for _, i := range ill {
		nodes[i-1].Problem = "NotReady"
	}
	return nodes
}

func tableOf(nodes []route.Node, services ...route.Service) *route.Table {
	return &route.Table{Nodes: nodes, Services: services}
}

// unknown is a table without the endpoints, which could not be read.
func unknown(table *route.Table) *route.Table {
	table.EndpointsUnknown = true
	return table
}

func dualIPs() []netip.Addr {
	return []netip.Addr{netip.MustParseAddr("10.3.11.5"), netip.MustParseAddr("fd00::5")}
}
