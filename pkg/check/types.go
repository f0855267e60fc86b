package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// typeRules look for fields that do not go with the type of the service
// (k8s.io/kubernetes pkg/apis/core/validation/validation.go, validateService).
func typeRules() []Rule {
	return []Rule{{
		ID: "NP012", Severity: Error, Title: "type is not supported", find: invalidType,
		Explanation: "The type of a service is ClusterIP, NodePort, LoadBalancer or ExternalName.",
	}, {
		ID: "NP013", Severity: Error, Title: "node port on a service without node ports", find: nodePortOnClusterIP,
		Explanation: "Only services of type NodePort and LoadBalancer have node ports. ClusterIP is the type of a service " +
			"that names none, and with it the API server refuses a node port.",
	}, {
		ID: "NP014", Severity: Error, Title: "headless service with node ports", find: headless,
		Explanation: "A node port leads to the service's cluster IP, so a service with clusterIP None cannot have one.",
	}, {
		ID: "NP015", Severity: Error, Title: "field is for load balancers only", find: loadBalancerOnly,
		Explanation: "Some fields are refused unless the type is LoadBalancer. To limit who may reach a NodePort service, " +
			"use a NetworkPolicy or the firewall of the nodes.",
	}}
}

func invalidType(x *subject) []Finding {
	if validType(x.service) {
		return nil
	}
	return []Finding{{
		Field: "spec.type",
		Message: fmt.Sprintf("%s is no type of service: it must be ClusterIP, NodePort, LoadBalancer or ExternalName",
			plain(string(x.service.Spec.Type))),
		Fix: x.patchSpec("type", corev1.ServiceTypeNodePort),
	}}
}

func nodePortOnClusterIP(x *subject) []Finding {
	if x.service.Spec.Type != corev1.ServiceTypeClusterIP {
		return nil
	}
	var findings []Finding
	for i, port := range x.service.Spec.Ports {
		if port.NodePort != 0 {
			findings = append(findings, Finding{
				Field: portField(i, "nodePort"),
				Message: fmt.Sprintf("%s has node port %d, but the service is of type ClusterIP, which has none",
					x.portName(i), port.NodePort),
				Fix: x.patchSpec("type", corev1.ServiceTypeNodePort),
			})
		}
	}
	return findings
}

func headless(x *subject) []Finding {
	if !hasNodePortType(x.service) || x.service.Spec.ClusterIP != corev1.ClusterIPNone {
		return nil
	}
	return []Finding{{
		Field:   "spec.clusterIP",
		Message: fmt.Sprintf("clusterIP is None, and a headless service cannot be of type %s", x.service.Spec.Type),
		Fix:     "remove spec.clusterIP",
	}}
}

func validType(service *corev1.Service) bool {
	switch service.Spec.Type {
	case corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeExternalName:
		return true
	}
	return false
}

// hasNodePortType tells whether the API server gives the service node ports.
func hasNodePortType(service *corev1.Service) bool {
	return service.Spec.Type == corev1.ServiceTypeNodePort || service.Spec.Type == corev1.ServiceTypeLoadBalancer
}

func loadBalancerOnly(x *subject) []Finding {
	if !validType(x.service) {
		return nil
	}
	if x.service.Spec.Type == corev1.ServiceTypeLoadBalancer {
		return x.healthCheckWithoutLocal()
	}
	spec := &x.service.Spec
	var findings []Finding
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"loadBalancerSourceRanges", len(spec.LoadBalancerSourceRanges) > 0},
		{"allocateLoadBalancerNodePorts", spec.AllocateLoadBalancerNodePorts != nil},
		{"loadBalancerClass", spec.LoadBalancerClass != nil},
		{"healthCheckNodePort", spec.HealthCheckNodePort != 0},
	} {
		if field.set {
			findings = append(findings, Finding{
				Field:   "spec." + field.name,
				Message: fmt.Sprintf("%s is only for services of type LoadBalancer, and this one is a %s", field.name, spec.Type),
				Fix:     x.patchSpec(field.name, nil),
			})
		}
	}
	return findings
}

// healthCheckWithoutLocal finds a health check node port that the API server
// refuses (validateServiceExternalTrafficPolicy).
func (x *subject) healthCheckWithoutLocal() []Finding {
	if x.service.Spec.HealthCheckNodePort == 0 || local(x.service) {
		return nil
	}
	return []Finding{{
		Field:   "spec.healthCheckNodePort",
		Message: "healthCheckNodePort is only for the external traffic policy Local, and this one is Cluster",
		Fix:     x.patchSpec("healthCheckNodePort", nil),
	}}
}

// local tells whether traffic from outside stays on the node where it arrives.
func local(service *corev1.Service) bool {
	return service.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
}
