// Package route is the routing model: it computes what happens to a packet that
// arrives at a node port, as kube-proxy implements it. The code that prints,
// checks and executes routes uses the same model.
//
// New turns a snapshot into a Table. FromOutside returns the Verdict for one
// node, service port and IP family; Routes lists all node addresses with their
// verdicts:
//
//	table := route.New(snapshot)
//	for r := range table.Routes(service, port) {
//		fmt.Println(r.Address.HostPort(port.NodePort), r.Verdict.Action)
//	}
//
// The package is pure, and a Table is plain data.
package route

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Table holds the services that have node ports and the nodes on which they are
// open. A Table must not be changed; it may be read concurrently.
type Table struct {
	// Nodes are sorted by name in natural order.
	Nodes []Node
	// Services are sorted by namespace and name, and no two have the same.
	Services []Service
	// EndpointsUnknown is true when not all endpoints could be read, so a port
	// without endpoints may have some.
	EndpointsUnknown bool
}

// Node is a machine that serves node ports.
type Node struct {
	Name string
	// Addresses are sorted by how likely external clients can reach them.
	Addresses []Address
	// Zone is the value of the label topology.kubernetes.io/zone, which the
	// hints of endpoints refer to.
	Zone string
	// Problem is why the node may not answer on any port, such as "NotReady";
	// empty if there is none.
	Problem string
}

// Address is one of a node's addresses.
type Address struct {
	// Host is an IP address or, for a node that has none, a DNS name.
	Host string
	// IP is the zero Addr when Host is a DNS name.
	IP netip.Addr
	// Type is the type in the node's status, such as "InternalIP".
	Type string
}

// Service is a service that has at least one node port.
type Service struct {
	Namespace, Name string
	// Type is "NodePort" or "LoadBalancer".
	Type string
	// ClusterIPs has one address for each IP family of the service.
	ClusterIPs []netip.Addr
	// ExternalLocal and InternalLocal are the traffic policies: true for Local,
	// which uses only endpoints on the node that receives the packet.
	ExternalLocal, InternalLocal bool
	// Affinity is how long a client keeps its endpoint after its last new
	// connection; zero means no affinity.
	Affinity time.Duration
	// HealthCheckNodePort is for load balancers; zero means none.
	// HealthCheckOpened corresponds to [Port.Opened].
	HealthCheckNodePort, HealthCheckOpened uint16
	// Ignored is why kube-proxy does not serve the service; empty if it does.
	Ignored string
	Ports   []Port
}

// Port is one port of a service that has a node port.
type Port struct {
	// Name may be empty if it is the service's only port.
	Name string
	// Protocol is "TCP", "UDP" or "SCTP".
	Protocol string
	// NodePort, Port and Target are the three ports in the order of the packet's
	// path: on the node, on the cluster IP, on the pod. Target is a number or a
	// name. NodePort is zero until the API server allocates it.
	NodePort, Port uint16
	Target         string
	// Opened is the port number that is opened instead of the node port on a
	// machine that is not a node; zero means the same number.
	Opened uint16
	// Scheme is "http" or "https" if the port looks like it; otherwise empty.
	Scheme string
	// Endpoints holds the port's endpoints in all states, sorted by address.
	Endpoints []Endpoint
}

// Endpoint is an address that a service port forwards to, usually a pod's. Its
// conditions are those that kube-proxy uses (k8s.io/kubernetes
// pkg/proxy/endpointslicecache.go, addEndpoints).
type Endpoint struct {
	Address netip.AddrPort
	// Node and Pod are empty when the EndpointSlice does not name them. PodUID
	// distinguishes consecutive pods with the same name.
	Node, Pod, PodUID           string
	Ready, Serving, Terminating bool
	// ForNodes and ForZones are the endpoint's topology hints.
	ForNodes, ForZones []string
}

// Family is an IP family.
type Family int

// The IP families, by their version.
const (
	IPv4 Family = 4
	IPv6 Family = 6
)

// FamilyOf returns the family of an address; an IPv4-mapped address is IPv4.
func FamilyOf(ip netip.Addr) Family {
	if ip.Unmap().Is4() {
		return IPv4
	}
	return IPv6
}

// Has reports whether kube-proxy opens the service's ports for a family.
func (s *Service) Has(family Family) bool {
	for _, ip := range s.ClusterIPs {
		if FamilyOf(ip) == family {
			return true
		}
	}
	return false
}

// ReadyEndpoints returns the number of endpoints that accept new connections.
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
