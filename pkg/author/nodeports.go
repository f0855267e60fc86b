package author

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// assignNodePorts sets the node port that the user gave for the whole service
// on its only service port, and shares node ports among the protocols of one
// service port, as the API server does.
func assignNodePorts(ports []corev1.ServicePort, given int32) error {
	if given != 0 {
		if err := single(ports, given); err != nil {
			return err
		}
		ports[0].NodePort = given
	}
	for i := range ports {
		for _, earlier := range ports[:i] {
			if err := conflict(earlier, ports[i]); err != nil {
				return err
			}
		}
	}
	for i := range ports {
		if ports[i].NodePort == 0 {
			ports[i].NodePort = sharedNodePort(ports, ports[i].Port)
		}
	}
	return nil
}

// single returns an error when one node port is not enough for the service. It
// is enough for several protocols of one service port, as in DNS.
func single(ports []corev1.ServicePort, nodePort int32) error {
	for _, port := range ports {
		if port.Port != ports[0].Port {
			return fmt.Errorf("--node-port %d is ambiguous, because the service has %d ports; use --port NODEPORT:PORT:TARGETPORT, such as --port %d:%d:%s",
				nodePort, len(ports), nodePort, ports[0].Port, ports[0].TargetPort.String())
		}
		if port.NodePort != 0 {
			return fmt.Errorf("--node-port %d conflicts with node port %d of --port; use one of them", nodePort, port.NodePort)
		}
	}
	return nil
}

// conflict returns an error when the API server refuses two ports in one
// service. Its allocator ignores protocols, and makes an exception only for
// ports of one number (k8s.io/kubernetes
// pkg/registry/core/service/storage/alloc.go, initNodePorts).
func conflict(a, b corev1.ServicePort) error {
	sameProtocol := a.Protocol == b.Protocol
	switch {
	case a.Port == b.Port && sameProtocol:
		return fmt.Errorf("service port %d/%s is used twice; give each port its own number with --port PORT:TARGETPORT", a.Port, a.Protocol)
	case a.NodePort != b.NodePort || a.NodePort == 0:
		return nil
	case sameProtocol:
		return fmt.Errorf("node port %d/%s is used twice", a.NodePort, a.Protocol)
	case a.Port != b.Port:
		return fmt.Errorf("node port %d cannot serve both service ports %d/%s and %d/%s; only ports of the same number can share one",
			a.NodePort, a.Port, a.Protocol, b.Port, b.Protocol)
	}
	return nil
}

// sharedNodePort returns the first node port given for a service port; zero if
// there is none.
func sharedNodePort(ports []corev1.ServicePort, number int32) int32 {
	i := slices.IndexFunc(ports, func(port corev1.ServicePort) bool {
		return port.Port == number && port.NodePort != 0
	})
	if i < 0 {
		return 0
	}
	return ports[i].NodePort
}
