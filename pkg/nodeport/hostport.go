package nodeport

import corev1 "k8s.io/api/core/v1"

// HostPort is a port that a pod opens on its node.
type HostPort struct {
	Port     int32
	Protocol corev1.Protocol
	// Network tells that the pod is on the host's network, so that every port
	// of its containers is one of the node.
	Network bool
}

// HostPorts lists the ports that pods of this spec open on their nodes, as far
// as they declare them: those of containers and of native sidecars, which run
// beside them.
func HostPorts(spec *corev1.PodSpec) []HostPort {
	var ports []HostPort
	add := func(container *corev1.Container) {
		for i := range container.Ports {
			if port, ok := hostPort(&container.Ports[i], spec.HostNetwork); ok {
				ports = append(ports, port)
			}
		}
	}
	for i := range spec.Containers {
		add(&spec.Containers[i])
	}
	for i := range spec.InitContainers {
		policy := spec.InitContainers[i].RestartPolicy
		if policy != nil && *policy == corev1.ContainerRestartPolicyAlways {
			add(&spec.InitContainers[i])
		}
	}
	return ports
}

func hostPort(port *corev1.ContainerPort, network bool) (HostPort, bool) {
	opened := HostPort{Port: port.HostPort, Protocol: port.Protocol, Network: network}
	if network {
		opened.Port = port.ContainerPort
	}
	if opened.Protocol == "" {
		opened.Protocol = corev1.ProtocolTCP
	}
	return opened, opened.Port != 0
}
