package manifest

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// defaultService fills what the API server fills in a service without asking
// any allocator.
// (k8s.io/kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Service)
func defaultService(service *corev1.Service) {
	spec := &service.Spec
	if spec.Type == "" {
		spec.Type = corev1.ServiceTypeClusterIP
	}
	for i := range spec.Ports {
		defaultServicePort(&spec.Ports[i])
	}
	defaultAffinity(spec)
	if spec.ExternalTrafficPolicy == "" && isExternal(spec) {
		spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyCluster
	}
	if spec.InternalTrafficPolicy == nil && spec.Type != corev1.ServiceTypeExternalName {
		spec.InternalTrafficPolicy = new(corev1.ServiceInternalTrafficPolicyCluster)
	}
	if spec.Type == corev1.ServiceTypeLoadBalancer && spec.AllocateLoadBalancerNodePorts == nil {
		spec.AllocateLoadBalancerNodePorts = new(true)
	}
}

func defaultServicePort(port *corev1.ServicePort) {
	if port.Protocol == "" {
		port.Protocol = corev1.ProtocolTCP
	}
	if port.TargetPort == intstr.FromInt32(0) || port.TargetPort == intstr.FromString("") {
		port.TargetPort = intstr.FromInt32(port.Port)
	}
}

func defaultAffinity(spec *corev1.ServiceSpec) {
	if spec.SessionAffinity == "" {
		spec.SessionAffinity = corev1.ServiceAffinityNone
	}
	config := spec.SessionAffinityConfig
	given := config != nil && config.ClientIP != nil && config.ClientIP.TimeoutSeconds != nil
	if spec.SessionAffinity == corev1.ServiceAffinityClientIP && !given {
		spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{
			ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: new(corev1.DefaultClientIPServiceAffinitySeconds)},
		}
	}
}

// isExternal tells services that can be reached from outside of the cluster.
func isExternal(spec *corev1.ServiceSpec) bool {
	return hasNodePorts(spec) || spec.Type == corev1.ServiceTypeClusterIP && len(spec.ExternalIPs) > 0
}

func hasNodePorts(spec *corev1.ServiceSpec) bool {
	return spec.Type == corev1.ServiceTypeNodePort || spec.Type == corev1.ServiceTypeLoadBalancer
}

// defaultPod fills what routing reads of a pod: the protocol of its ports, and
// the host ports of one that uses the node's network.
// (k8s.io/kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_PodSpec)
func defaultPod(spec *corev1.PodSpec) {
	if spec.RestartPolicy == "" {
		spec.RestartPolicy = corev1.RestartPolicyAlways
	}
	for _, containers := range [][]corev1.Container{spec.Containers, spec.InitContainers} {
		for i := range containers {
			for j := range containers[i].Ports {
				defaultContainerPort(&containers[i].Ports[j], spec.HostNetwork)
			}
		}
	}
}

func defaultContainerPort(port *corev1.ContainerPort, hostNetwork bool) {
	if port.Protocol == "" {
		port.Protocol = corev1.ProtocolTCP
	}
	if hostNetwork && port.HostPort == 0 {
		port.HostPort = port.ContainerPort
	}
}

// defaultSlice fills the name and protocol of a slice's ports, by which they
// are joined to those of the service.
// (k8s.io/kubernetes pkg/apis/discovery/v1/defaults.go, SetDefaults_EndpointPort)
func defaultSlice(slice *discoveryv1.EndpointSlice) {
	for i := range slice.Ports {
		port := &slice.Ports[i]
		if port.Name == nil {
			port.Name = new("")
		}
		if port.Protocol == nil {
			port.Protocol = new(corev1.ProtocolTCP)
		}
	}
}
