package nodeport

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// Use is what a service holds a port of the range for.
type Use int

const (
	// NodePort is a port at which every node takes the service's traffic.
	NodePort Use = iota
	// HealthCheck is a port at which every node tells a load balancer whether
	// it has pods of the service.
	HealthCheck
)

// String names the use as a sentence about the service would.
func (u Use) String() string {
	if u == HealthCheck {
		return "health check"
	}
	return "node port"
}

// Holder is a service that holds a port of the range, and what for.
type Holder struct {
	// Namespace and Name are those of the service.
	Namespace, Name string
	// Port is the name of the service's port, or its number when it has none.
	// It is empty for a health check.
	Port     string
	Protocol corev1.Protocol
	Use      Use
	// Field is where the port stands in the service: "spec.ports[0].nodePort".
	Field string
}

// String tells who holds the port in words: "shop/cart, port http" or
// "shop/cart, health check".
func (h Holder) String() string {
	if h.Use == HealthCheck {
		return h.Namespace + "/" + h.Name + ", health check"
	}
	return h.Namespace + "/" + h.Name + ", port " + h.Port
}

// Holders tells which ports of the range are taken and by whom, in the order
// of services. A port has more than one holder where one service uses it for
// two protocols, or where manifests that no API server has seen collide.
//
// Only what the allocator counts is listed: the node ports of NodePort and
// LoadBalancer services, whether chosen or given, and the health check node
// port of a LoadBalancer service with the external traffic policy Local
// (k8s.io/kubernetes pkg/registry/core/service/storage/alloc.go, txnAllocNodePorts).
func Holders(services []*corev1.Service) map[int32][]Holder {
	holders := make(map[int32][]Holder, len(services))
	for _, service := range services {
		if !allocates(service) {
			continue
		}
		for i := range service.Spec.Ports {
			port := &service.Spec.Ports[i]
			if port.NodePort != 0 {
				holders[port.NodePort] = append(holders[port.NodePort], portHolder(service, i))
			}
		}
		if port := healthCheckPort(service); port != 0 {
			holders[port] = append(holders[port], Holder{
				Namespace: service.Namespace, Name: service.Name, Protocol: corev1.ProtocolTCP, Use: HealthCheck,
				Field: "spec.healthCheckNodePort",
			})
		}
	}
	return holders
}

func allocates(service *corev1.Service) bool {
	return service.Spec.Type == corev1.ServiceTypeNodePort || service.Spec.Type == corev1.ServiceTypeLoadBalancer
}

func portHolder(service *corev1.Service, i int) Holder {
	port := &service.Spec.Ports[i]
	holder := Holder{
		Namespace: service.Namespace, Name: service.Name, Port: port.Name, Protocol: port.Protocol,
		Field: fmt.Sprintf("spec.ports[%d].nodePort", i),
	}
	if holder.Port == "" {
		holder.Port = strconv.Itoa(int(port.Port))
	}
	if holder.Protocol == "" {
		holder.Protocol = corev1.ProtocolTCP
	}
	return holder
}

// healthCheckPort is 0 for a service that has none: the API server hands one
// out only where a load balancer must find the nodes with local pods
// (k8s.io/kubernetes pkg/api/service/util.go, NeedsHealthCheck).
func healthCheckPort(service *corev1.Service) int32 {
	if service.Spec.Type != corev1.ServiceTypeLoadBalancer ||
		service.Spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal {
		return 0
	}
	return service.Spec.HealthCheckNodePort
}
