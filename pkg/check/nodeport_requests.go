package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// nodePortRequest is a port of the range that a service asks for.
type nodePortRequest struct {
	port     int32
	field    string
	what     string
	protocol corev1.Protocol
	// ordinal is the index in spec.ports, -1 for the health check.
	ordinal int
}

// requestsOf lists the ports that the allocator would be asked for by number.
func requestsOf(x *subject) []nodePortRequest {
	if !hasNodePortType(x.service) {
		return nil
	}
	var requests []nodePortRequest
	for i, port := range x.service.Spec.Ports {
		if port.NodePort != 0 {
			requests = append(requests, nodePortRequest{port.NodePort, portField(i, "nodePort"), x.portName(i), port.Protocol, i})
		}
	}
	healthCheck := x.service.Spec.HealthCheckNodePort
	if healthCheck != 0 && x.service.Spec.Type == corev1.ServiceTypeLoadBalancer && local(x.service) {
		requests = append(requests, nodePortRequest{healthCheck, "spec.healthCheckNodePort", "the health check", corev1.ProtocolTCP, -1})
	}
	return requests
}

// heldBy returns the ports of the range that a service has.
func heldBy(service *corev1.Service) map[int32]bool {
	held := map[int32]bool{}
	if service == nil || !hasNodePortType(service) {
		return held
	}
	for _, port := range service.Spec.Ports {
		held[port.NodePort] = true
	}
	held[service.Spec.HealthCheckNodePort] = true
	delete(held, 0)
	return held
}

// chooseAnother is the fix that gives a request a free port: another one than
// the service asks for itself, and than is suggested for its other requests.
func (x *subject) chooseAnother(request nodePortRequest) string {
	port, ok := x.suggestion(request)
	if !ok {
		return fmt.Sprintf("free a node port: all of %s are taken", x.NodePorts.OrDefault())
	}
	return x.setNodePort(request, port)
}

// chooseStatic is the fix that gives a request a free port of the static band;
// empty when it has none left.
func (x *subject) chooseStatic(request nodePortRequest) string {
	static, _ := x.NodePorts.OrDefault().Bands()
	port, ok := x.suggestion(request)
	if !ok || !static.Contains(port) {
		return ""
	}
	return x.setNodePort(request, port)
}

func (x *subject) setNodePort(request nodePortRequest, port int32) string {
	if request.ordinal < 0 {
		return x.patchSpec("healthCheckNodePort", port)
	}
	return x.patchPort(request.ordinal, "nodePort", port)
}

func (x *subject) suggestion(request nodePortRequest) (port int32, ok bool) {
	if x.suggested == nil {
		x.suggested = x.suggest()
	}
	port, ok = x.suggested[request.ordinal]
	return port, ok
}

// suggest chooses a free port for each request, by its ordinal. The last ones
// get none when there are too few.
func (x *subject) suggest() map[int]int32 {
	own := make(map[int32]bool, len(x.requests))
	for _, request := range x.requests {
		own[request.port] = true
	}
	suggested := make(map[int]int32, len(x.requests))
	left := x.requests
	for port := range x.index.vacancies.Suggest(x.ref.Namespace, x.ref.Name) {
		if len(left) == 0 {
			break
		}
		if !own[port] {
			suggested[left[0].ordinal] = port
			left = left[1:]
		}
	}
	return suggested
}
