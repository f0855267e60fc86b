// Package route is the routing model: what a packet meets that arrives at a
// node port. It says what kube-proxy does, once, for everything that prints,
// checks or executes it. It is pure, and a Table is plain data.
package route

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Table holds the services that have node ports and the nodes on which they
// are open. It is data: whoever holds one may read it, nobody changes it.
type Table struct {
	// Nodes are sorted by name, numbers in them by their value.
	Nodes []Node
	// Services are sorted by namespace and name.
	Services []Service
	// EndpointsUnknown tells that not all endpoints could be read, so that a
	// port without any may have some.
	EndpointsUnknown bool
}

// Node is a machine that serves node ports.
type Node struct {
	Name string
	// Addresses are those of the node, the one to try first in front.
	Addresses []Address
	// Zone is the node's topology.kubernetes.io/zone, by which an endpoint's
	// hints choose.
	Zone string
	// Problem is why the node may not answer whatever a service says of it, such
	// as "NotReady"; empty for a node that should.
	Problem string
}

// Address is one of a node's addresses.
type Address struct {
	// Host is an IP address or, for a node that has none, a DNS name.
	Host string
	// IP is the zero Addr when Host is a DNS name.
	IP netip.Addr
	// Type is the kind of address that the node gives it as, such as "InternalIP".
	Type string
}

// Service is a service that has at least one node port.
type Service struct {
	Namespace, Name string
	// Type is "NodePort" or "LoadBalancer".
	Type string
	// ClusterIPs has one address for each IP family that the service has.
	ClusterIPs []netip.Addr
	// ExternalLocal and InternalLocal are the traffic policies: true for
	// Local, which serves only from endpoints on the node that was asked.
	ExternalLocal, InternalLocal bool
	// Affinity is how long a client is bound to its endpoint after its last
	// new connection; zero for no affinity.
	Affinity time.Duration
	// HealthCheckNodePort answers load balancers; zero for none. HealthCheckOpened
	// is to it what [Port.Opened] is to NodePort.
	HealthCheckNodePort, HealthCheckOpened uint16
	// Ignored is why kube-proxy does not serve the service; empty if it does.
	Ignored string
	Ports   []Port
}

// Port is one port of a service that has a node port.
type Port struct {
	// Name is empty for the only port of a service that does not name it.
	Name string
	// Protocol is "TCP", "UDP" or "SCTP".
	Protocol string
	// NodePort, Port and Target are the three ports, in the order in which a
	// packet meets them: on the node, on the cluster IP, on the pod. Target is
	// a number or a name. NodePort is zero when the API server has yet to choose it.
	NodePort, Port uint16
	Target         string
	// Opened is the number under which the node port is opened where that is not
	// a node of the cluster; zero for its own.
	Opened uint16
	// Scheme is "http" or "https" when the port looks like it, or else empty.
	Scheme string
	// Endpoints are those of the port in all states, sorted by address.
	Endpoints []Endpoint
}

// Endpoint is a pod, or another address, that a service port leads to. Its
// conditions are those that kube-proxy reads (k8s.io/kubernetes
// pkg/proxy/endpointslicecache.go, addEndpoints).
type Endpoint struct {
	Address netip.AddrPort
	// Node and Pod are empty when the EndpointSlice does not say. PodUID tells
	// pods of one name apart.
	Node, Pod, PodUID           string
	Ready, Serving, Terminating bool
	// ForNodes and ForZones are the slice's hints on who should use it.
	ForNodes, ForZones []string
}

// Family tells IPv4 and IPv6 apart.
type Family int

// The IP families, by their version.
const (
	IPv4 Family = 4
	IPv6 Family = 6
)

// FamilyOf returns the family of an address; an IPv4-mapped one is IPv4.
func FamilyOf(ip netip.Addr) Family {
	if ip.Unmap().Is4() {
		return IPv4
	}
	return IPv6
}

// Has tells whether kube-proxy opens the service's ports for a family.
func (s *Service) Has(family Family) bool {
	for _, ip := range s.ClusterIPs {
		if FamilyOf(ip) == family {
			return true
		}
	}
	return false
}

// ReadyEndpoints counts the endpoints that take new connections.
func (p *Port) ReadyEndpoints() int {
	n := 0
	for i := range p.Endpoints {
		if p.Endpoints[i].Ready {
			n++
		}
	}
	return n
}

// Service returns a service of the table, or nil.
func (t *Table) Service(namespace, name string) *Service {
	i, found := slices.BinarySearchFunc(t.Services, Service{Namespace: namespace, Name: name}, compareServices)
	if !found {
		return nil
	}
	return &t.Services[i]
}

func compareServices(a, b Service) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}
