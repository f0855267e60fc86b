package route

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// New builds the table of a snapshot: its nodes, and its services of type
// NodePort and LoadBalancer that have node ports or will be given some.
func New(s *snapshot.Snapshot) *Table { return new(Builder).Table(s) }

func newService(object *corev1.Service, from []*discoveryv1.EndpointSlice) Service {
	spec := &object.Spec
	service := Service{
		Namespace:           object.Namespace,
		Name:                object.Name,
		Type:                string(spec.Type),
		ClusterIPs:          clusterIPs(spec),
		ExternalLocal:       spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal,
		InternalLocal:       internalLocal(spec),
		Affinity:            affinity(spec),
		HealthCheckNodePort: number(spec.HealthCheckNodePort),
		Ignored:             ignored(object),
	}
	if spec.Type != corev1.ServiceTypeNodePort && spec.Type != corev1.ServiceTypeLoadBalancer {
		return service
	}
	found := endpointsByPort(from)
	for i := range spec.Ports {
		port := newPort(&spec.Ports[i])
		if port.NodePort == 0 && spec.Type == corev1.ServiceTypeLoadBalancer {
			continue // allocateLoadBalancerNodePorts is false: it never gets one
		}
		port.Endpoints = found.of(portKey{port.Name, port.Protocol})
		service.Ports = append(service.Ports, port)
	}
	return service
}

func newPort(spec *corev1.ServicePort) Port {
	target := spec.TargetPort.String()
	if target == "0" || target == "" {
		target = portNumber(spec.Port)
	}
	return Port{
		Name:     spec.Name,
		Protocol: string(cmp.Or(spec.Protocol, corev1.ProtocolTCP)),
		NodePort: number(spec.NodePort),
		Port:     number(spec.Port),
		Target:   target,
		Scheme:   scheme(spec),
	}
}

// number is that of a port, 0 for one that no packet can carry: the API server
// lets none pass, but a manifest can say anything.
func number(port int32) uint16 {
	if port < 0 || port > math.MaxUint16 {
		return 0
	}
	return uint16(port)
}

func clusterIPs(spec *corev1.ServiceSpec) []netip.Addr {
	given := spec.ClusterIPs
	if len(given) == 0 && spec.ClusterIP != "" {
		given = []string{spec.ClusterIP}
	}
	var ips []netip.Addr
	for _, s := range given {
		if ip, err := netip.ParseAddr(s); err == nil {
			ips = append(ips, ip)
		}
	}
	return ips
}

func internalLocal(spec *corev1.ServiceSpec) bool {
	policy := spec.InternalTrafficPolicy
	return policy != nil && *policy == corev1.ServiceInternalTrafficPolicyLocal
}

// affinity returns the timeout that the API server writes when none is given
// (k8s.io/kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Service).
func affinity(spec *corev1.ServiceSpec) time.Duration {
	if spec.SessionAffinity != corev1.ServiceAffinityClientIP {
		return 0
	}
	seconds := corev1.DefaultClientIPServiceAffinitySeconds
	if c := spec.SessionAffinityConfig; c != nil && c.ClientIP != nil && c.ClientIP.TimeoutSeconds != nil {
		seconds = *c.ClientIP.TimeoutSeconds
	}
	return time.Duration(seconds) * time.Second
}

// ignored says why kube-proxy passes a service over: it watches none that
// another proxy claims (k8s.io/kubernetes cmd/kube-proxy/app/server.go), and
// skips those with no cluster IP (pkg/proxy/util/utils.go, ShouldSkipService).
func ignored(object *corev1.Service) string {
	const otherProxy = "service.kubernetes.io/service-proxy-name"
	if name, ok := object.Labels[otherProxy]; ok {
		return "left to service proxy " + name
	}
	if object.Spec.ClusterIP == corev1.ClusterIPNone {
		return "headless"
	}
	return ""
}

// portKey is how kube-proxy joins a slice's port with that of a service: by
// name and protocol, never by number (k8s.io/kubernetes
// pkg/proxy/endpointslicecache.go, endpointInfoByServicePort).
type portKey struct{ name, protocol string }

// endpointSet holds the endpoints of each port by address; two slices may
// list the same one.
type endpointSet map[portKey]map[netip.AddrPort]Endpoint

func endpointsByPort(of []*discoveryv1.EndpointSlice) endpointSet {
	set := endpointSet{}
	for _, slice := range of {
		if _, headless := slice.Labels[corev1.IsHeadlessService]; headless || slice.AddressType == discoveryv1.AddressTypeFQDN {
			continue // kube-proxy does not watch the former (cmd/kube-proxy/app/server.go)
		}
		for _, port := range slice.Ports {
			if port.Port == nil || number(*port.Port) == 0 {
				continue
			}
			set.add(keyOf(port), number(*port.Port), slice.Endpoints)
		}
	}
	return set
}

// keyOf reads an absent name or protocol as the API server would default it.
func keyOf(port discoveryv1.EndpointPort) portKey {
	key := portKey{protocol: string(corev1.ProtocolTCP)}
	if port.Name != nil {
		key.name = *port.Name
	}
	if port.Protocol != nil {
		key.protocol = string(*port.Protocol)
	}
	return key
}

// add keeps the endpoint that is not terminating when an address is listed
// twice: a pod may reuse the address of one that is going.
func (set endpointSet) add(key portKey, port uint16, endpoints []discoveryv1.Endpoint) {
	if set[key] == nil {
		set[key] = make(map[netip.AddrPort]Endpoint, len(endpoints))
	}
	for i := range endpoints {
		endpoint, ok := newEndpoint(&endpoints[i], port)
		if !ok {
			continue
		}
		if _, exists := set[key][endpoint.Address]; !exists || !endpoint.Terminating {
			set[key][endpoint.Address] = endpoint
		}
	}
}

func (set endpointSet) of(key portKey) []Endpoint {
	endpoints := make([]Endpoint, 0, len(set[key]))
	for _, endpoint := range set[key] {
		endpoints = append(endpoints, endpoint)
	}
	slices.SortFunc(endpoints, func(a, b Endpoint) int { return a.Address.Compare(b.Address) })
	return endpoints
}

// newEndpoint reads an endpoint as kube-proxy does: its first address only,
// and an absent condition as ready, serving and not terminating.
func newEndpoint(from *discoveryv1.Endpoint, port uint16) (endpoint Endpoint, ok bool) {
	if len(from.Addresses) == 0 {
		return Endpoint{}, false
	}
	ip, err := netip.ParseAddr(from.Addresses[0])
	if err != nil {
		return Endpoint{}, false
	}
	endpoint = Endpoint{
		Address:     netip.AddrPortFrom(ip.Unmap(), port),
		Ready:       orElse(from.Conditions.Ready, true),
		Serving:     orElse(from.Conditions.Serving, true),
		Terminating: orElse(from.Conditions.Terminating, false),
		Node:        orElse(from.NodeName, ""),
	}
	if target := from.TargetRef; target != nil && target.Kind == "Pod" {
		endpoint.Pod, endpoint.PodUID = target.Name, string(target.UID)
	}
	if from.Hints != nil {
		for _, node := range from.Hints.ForNodes {
			endpoint.ForNodes = append(endpoint.ForNodes, node.Name)
		}
		for _, zone := range from.Hints.ForZones {
			endpoint.ForZones = append(endpoint.ForZones, zone.Name)
		}
	}
	return endpoint, true
}

func orElse[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}
