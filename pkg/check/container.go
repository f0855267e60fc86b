package check

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
)

// containers runs over the containers of a pod that run beside each other: the
// native sidecars among the init containers too, but after the others, as
// named target ports are looked up (k8s.io/endpointslice utils.go, FindPort).
func containers(spec *corev1.PodSpec) iter.Seq[*corev1.Container] {
	return func(yield func(*corev1.Container) bool) {
		for i := range spec.Containers {
			if !yield(&spec.Containers[i]) {
				return
			}
		}
		for i := range spec.InitContainers {
			if sidecar(&spec.InitContainers[i]) && !yield(&spec.InitContainers[i]) {
				return
			}
		}
	}
}

// sidecar tells a native sidecar from an init container that ends before the
// others start.
func sidecar(container *corev1.Container) bool {
	return container.RestartPolicy != nil && *container.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// protocolOf is a container port's protocol with the API server's default.
func protocolOf(port *corev1.ContainerPort) corev1.Protocol {
	if port.Protocol == "" {
		return corev1.ProtocolTCP
	}
	return port.Protocol
}
