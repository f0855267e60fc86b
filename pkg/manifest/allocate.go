package manifest

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// fillServices gives services what the API server would: defaults, cluster IPs
// and node ports.
func (b *builder) fillServices() {
	services := slices.Clone(b.snapshot.Services)
	// The order of the files must not decide who gets which port.
	slices.SortStableFunc(services, func(a, b *corev1.Service) int {
		return compareRefs(snapshot.RefOf("Service", a), snapshot.RefOf("Service", b))
	})
	for _, service := range services {
		defaultService(service)
	}
	b.fillClusterIPs(services)
	ports := newPortAllocator(b.snapshot.NodePorts, services)
	for _, service := range services {
		b.fillNodePorts(ports, service)
	}
}

// fillNodePorts allocates the node ports that a service does not give. Ports
// of one service with the same number share one, as DNS over TCP and UDP does.
// (k8s.io/kubernetes pkg/registry/core/service/storage/alloc.go, initNodePorts)
func (b *builder) fillNodePorts(ports *portAllocator, service *corev1.Service) {
	spec := &service.Spec
	if !hasNodePorts(spec) {
		return
	}
	key := service.Namespace + "/" + service.Name
	wanted := spec.AllocateLoadBalancerNodePorts == nil || *spec.AllocateLoadBalancerNodePorts
	byPort := givenNodePorts(spec.Ports)
	for i := range spec.Ports {
		port := &spec.Ports[i]
		if port.NodePort != 0 || !wanted {
			continue
		}
		if byPort[port.Port] == 0 {
			byPort[port.Port] = ports.next(key + "/" + portKey(port))
		}
		port.NodePort = byPort[port.Port]
		b.assumed.add(service, "spec.ports["+port.Name+"].nodePort")
	}
	local := spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
	if spec.Type == corev1.ServiceTypeLoadBalancer && local && spec.HealthCheckNodePort == 0 {
		spec.HealthCheckNodePort = ports.next(key + "#health")
	}
}

// givenNodePorts is the first node port given for each number of port.
func givenNodePorts(ports []corev1.ServicePort) map[int32]int32 {
	given := make(map[int32]int32, len(ports))
	for _, port := range ports {
		if given[port.Port] == 0 {
			given[port.Port] = port.NodePort
		}
	}
	return given
}

func portKey(port *corev1.ServicePort) string {
	if port.Name != "" {
		return port.Name
	}
	return strconv.Itoa(int(port.Port))
}

// portAllocator hands out node ports that nobody in the set has asked for.
type portAllocator struct {
	ports nodeport.Range
	taken map[int32]bool
	// full spares looking again through a range in which nothing is left.
	full bool
}

func newPortAllocator(ports nodeport.Range, services []*corev1.Service) *portAllocator {
	a := &portAllocator{ports: ports, taken: make(map[int32]bool)}
	for _, service := range services {
		a.taken[service.Spec.HealthCheckNodePort] = true
		for _, port := range service.Spec.Ports {
			a.taken[port.NodePort] = true
		}
	}
	return a
}

// next takes a port that follows from key. It is 0 when none is left.
func (a *portAllocator) next(key string) int32 {
	if a.full {
		return 0
	}
	port, ok := nodeport.Draw(a.ports, func(port int32) bool { return a.taken[port] }, key)
	a.taken[port], a.full = true, !ok
	return port
}
