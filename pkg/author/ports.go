package author

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

// ports are those that the user asked for, or else every declared one.
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
		return nil, fmt.Errorf("%s declares no port; say which it listens on with --port, such as --port 80:8080", typeName(s.Ref))
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

// valid tells what of a port no API server would take. Only manifests that none
// has seen declare such ports.
func (s Source) valid(port corev1.ServicePort) error {
	if port.Port < 1 || port.Port > maxPort {
		return fmt.Errorf("port %d of %s is not from 1 to %d", port.Port, typeName(s.Ref), maxPort)
	}
	if _, err := parseProtocol(string(port.Protocol)); err != nil {
		return fmt.Errorf("port %d of %s: %w", port.Port, typeName(s.Ref), err)
	}
	return nil
}

// declaredPorts exposes every declared port under its own number.
func (s Source) declaredPorts(pod declarations, selector map[string]string) []corev1.ServicePort {
	peers := s.peerDeclarations(selector)
	var ports []corev1.ServicePort
	for _, port := range pod.distinct() {
		target := intstr.FromInt32(port.number)
		if stands(port, pod, peers) {
			target = intstr.FromString(port.name)
		}
		ports = append(ports, corev1.ServicePort{
			Name: port.name, Protocol: port.protocol, Port: port.number, TargetPort: target,
		})
	}
	return ports
}

// stands tells whether a port's name can stand for it on every pod. Then it is
// the better target, for a pod may come to listen on another number.
func stands(port declared, pod declarations, peers []declarations) bool {
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

// peerDeclarations are those of the pods that will be endpoints beside a bare
// pod. Pods that have ended never are.
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

// wanted completes what the user asked for from what the pod declares. What
// was typed stays: a number remains a number, though the port has a name.
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

// fits tells whether a declared port is the target that the user means.
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
		return fmt.Errorf("%s declares no port, so none named %q either; give its number", typeName(s.Ref), spec.Target.StrVal)
	}
	return fmt.Errorf("%s declares no %sport named %q, but %s", typeName(s.Ref), protocol, spec.Target.StrVal, pod.distinct())
}
