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

// New returns the route table of a snapshot: its nodes, and its services of type
// NodePort and LoadBalancer that have node ports or will get some. Use a Builder
// for a sequence of snapshots.
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

// number converts a port number. It returns 0 for a number outside 0-65535,
// which the API server refuses but a manifest may contain.
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

// affinity returns the affinity timeout, with the API server's default if none
// is given (k8s.io/kubernetes pkg/apis/core/v1/defaults.go,
// SetDefaults_Service).
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

// ignored returns why kube-proxy ignores a service; empty if it does not.
// kube-proxy does not watch services that another proxy claims
// (k8s.io/kubernetes cmd/kube-proxy/app/server.go), and skips services without
// a cluster IP (pkg/proxy/util/utils.go, ShouldSkipService).
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

// portKey is the key by which kube-proxy matches the ports of a slice with those
// of a service: name and protocol, never the number (k8s.io/kubernetes
// pkg/proxy/endpointslicecache.go, endpointInfoByServicePort).
type portKey struct{ name, protocol string }

// endpointSet holds the endpoints of each port by address; two slices may list
// the same endpoint.
type endpointSet map[portKey]map[netip.AddrPort]Endpoint

func endpointsByPort(of []*discoveryv1.EndpointSlice) endpointSet {
	set := endpointSet{}
	for _, slice := range of {
		if _, headless := slice.Labels[corev1.IsHeadlessService]; headless || slice.AddressType == discoveryv1.AddressTypeFQDN {
			continue // kube-proxy does not watch headless services (cmd/kube-proxy/app/server.go)
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

// keyOf returns the key of a slice's port, with the API server's defaults for
// the name and the protocol.
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

// add adds the endpoints of a port. When an address is listed twice, it keeps
// the endpoint that is not terminating: a pod may reuse the address of one that
// terminates.
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

// newEndpoint converts an endpoint as kube-proxy does: only its first address
// counts, and without conditions it is ready, serving and not terminating.
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
