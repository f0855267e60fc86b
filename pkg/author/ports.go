package author

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

// ports returns the ports that the user asked for, or else all declared ones.
func (s Source) ports(selector map[string]string, options Options) ([]corev1.ServicePort, error) {
	pod := declarationsOf(&s.Pod)
	ports, err := s.wanted(pod, options.Ports)
	if err != nil {
		return nil, err
	}
	if len(options.Ports) == 0 {
		ports = s.declaredPorts(pod, selector)
	}
	if len(ports) == 0 {
		return nil, fmt.Errorf("%s declares no port; give the port that it listens on with --port, such as --port 80:8080", typeName(s.Ref))
	}
	for _, port := range ports {
		if err := s.valid(port); err != nil {
			return nil, err
		}
	}
	if err := nameAll(ports, options.Ports); err != nil {
		return nil, err
	}
	if err := assignNodePorts(ports, options.NodePort); err != nil {
		return nil, err
	}
	if err := setAppProtocols(ports, options.AppProtocols); err != nil {
		return nil, err
	}
	for i := range ports {
		if ports[i].Protocol == corev1.ProtocolTCP {
			ports[i].Protocol = ""
		}
	}
	return ports, nil
}

// valid returns an error for a port that every API server refuses. Only
// manifests that were never applied declare such ports.
func (s Source) valid(port corev1.ServicePort) error {
	if port.Port < 1 || port.Port > maxPort {
		return fmt.Errorf("port %d of %s is not between 1 and %d", port.Port, typeName(s.Ref), maxPort)
	}
	if _, err := parseProtocol(string(port.Protocol)); err != nil {
		return fmt.Errorf("port %d of %s: %w", port.Port, typeName(s.Ref), err)
	}
	return nil
}

// declaredPorts returns a service port for every declared port, with the same
// number.
func (s Source) declaredPorts(pod declarations, selector map[string]string) []corev1.ServicePort {
	peers := s.peerDeclarations(selector)
	var ports []corev1.ServicePort
	for _, port := range pod.distinct() {
		target := intstr.FromInt32(port.number)
		if usableByName(port, pod, peers) {
			target = intstr.FromString(port.name)
		}
		ports = append(ports, corev1.ServicePort{
			Name: port.name, Protocol: port.protocol, Port: port.number, TargetPort: target,
		})
	}
	return ports
}

// usableByName reports whether the port's name means this port on every pod.
// Then the name is the better target port, since the number may change later.
func usableByName(port declared, pod declarations, peers []declarations) bool {
	if len(validation.IsValidPortName(port.name)) > 0 || pod.ambiguous(port) {
		return false
	}
	for _, peer := range peers {
		if !peer.carries(port.name, port.protocol) {
			return false
		}
	}
	return true
}

// peerDeclarations returns the declarations of the pods that will be endpoints
// together with a bare pod. Pods that have ended are no endpoints.
func (s Source) peerDeclarations(selector map[string]string) []declarations {
	if s.peers == nil {
		return nil
	}
	var peers []declarations
	for _, pod := range s.peers.PodsMatching(s.Ref.Namespace, selector) {
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			peers = append(peers, declarationsOf(&pod.Spec))
		}
	}
	return peers
}

// wanted completes the ports that the user asked for from the pod's
// declarations. What the user typed does not change: a number remains a number
// even if the port has a name.
func (s Source) wanted(pod declarations, specs []PortSpec) ([]corev1.ServicePort, error) {
	var ports []corev1.ServicePort
	for _, spec := range specs {
		match, found := pod.find(spec.fits)
		if !found && spec.Target.Type == intstr.String {
			return nil, fmt.Errorf("port %q: %w", spec, s.undeclared(spec, pod))
		}
		port := corev1.ServicePort{
			Name: spec.Name, Protocol: spec.Protocol, Port: spec.Port,
			TargetPort: spec.Target, NodePort: spec.NodePort,
		}
		if port.Name == "" {
			port.Name = match.name
		}
		if port.Protocol == "" {
			port.Protocol = protocolOf(match.protocol)
		}
		if port.Port == 0 && spec.Target.Type == intstr.Int {
			port.Port = spec.Target.IntVal
		} else if port.Port == 0 {
			port.Port = match.number
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// fits reports whether a declared port is the target that the user means.
func (p PortSpec) fits(port declared) bool {
	if p.Protocol != "" && p.Protocol != port.protocol {
		return false
	}
	if p.Target.Type == intstr.String {
		return p.Target.StrVal == port.name
	}
	return p.Target.IntVal == port.number
}

func (s Source) undeclared(spec PortSpec, pod declarations) error {
	protocol := ""
	if spec.Protocol != "" {
		protocol = string(spec.Protocol) + " "
	}
	if len(pod) == 0 {
		return fmt.Errorf("%s declares no ports, so the name %q cannot be resolved; give the port's number", typeName(s.Ref), spec.Target.StrVal)
	}
	return fmt.Errorf("%s declares no %sport named %q; it declares %s", typeName(s.Ref), protocol, spec.Target.StrVal, pod.distinct())
}
