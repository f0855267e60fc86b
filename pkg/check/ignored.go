package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
)

func ignoredRules() []Rule {
	return []Rule{{
		ID: "NP501", Severity: Error, Title: "external name with node ports", find: externalName,
		Explanation: "A service of type ExternalName is only a name in DNS. The API server stores a node port that it names, " +
			"but no node listens.",
	}, {
		ID: "NP502", Severity: Warning, Title: "service is left to another proxy", find: otherProxy,
		Explanation: "kube-proxy ignores services with the label service.kubernetes.io/service-proxy-name, whatever its value.",
	}, {
		ID: "NP503", Severity: Warning, Title: "annotation is deprecated or ignored", find: oldAnnotations,
		Explanation: "Some annotations have become fields and no longer have any effect, or will lose it.",
	}, {
		ID: "NP504", Severity: Warning, Title: "field is deprecated or ignored", find: oldFields,
		Explanation: "The API server warns of these fields: they will go, or have no effect on this type of service.",
	}, {
		ID: "NP505", Severity: Warning, Title: "annotation " + IgnoreAnnotation + " has no effect", find: badIgnore,
		Explanation: "The annotation names findings that are accepted, each with the reason: \"NP104: agreed with the network " +
			"team; NP203: both are web\". An id that no finding has, or one without a reason, is passed over. " +
			"Findings that fail the check are ignored by --ignore or --config alone.",
	}}
}

func externalName(x *subject) []Finding {
	if x.service.Spec.Type != corev1.ServiceTypeExternalName || !hasNodePort(x.service) {
		return nil
	}
	return []Finding{{
		Field:   "spec.type",
		Message: "a service of type ExternalName is only a name in DNS: no node listens at its node ports",
		Fix:     "use type NodePort with a selector, or remove the node ports",
	}}
}

// otherProxy mirrors how kube-proxy chooses its services
// (k8s.io/kubernetes cmd/kube-proxy/app/server.go).
func otherProxy(x *subject) []Finding {
	const label = "service.kubernetes.io/service-proxy-name"
	proxy, set := x.service.Labels[label]
	if !set {
		return nil
	}
	return []Finding{{
		Field:   "metadata.labels",
		Message: fmt.Sprintf("label %s=%s makes kube-proxy ignore the service, so only that proxy can open its node ports", label, plainOrEmpty(proxy)),
		Fix:     fmt.Sprintf("kubectl label service %s -n %s %s-", plain(x.ref.Name), plain(x.ref.Namespace), label),
	}}
}

func oldAnnotations(x *subject) []Finding {
	var findings []Finding
	for _, old := range []struct{ key, message, fix string }{{
		corev1.DeprecatedAnnotationTopologyAwareHints,
		"is deprecated: the API server asks for " + corev1.AnnotationTopologyMode,
		"use spec.trafficDistribution: PreferSameZone, or the annotation " + corev1.AnnotationTopologyMode,
	}, {
		"service.alpha.kubernetes.io/tolerate-unready-endpoints",
		"is no longer read, so pods that are not ready get no traffic",
		"set spec.publishNotReadyAddresses to true",
	}, {
		"service.beta.kubernetes.io/external-traffic",
		"is no longer read",
		"set spec.externalTrafficPolicy",
	}, {
		"service.beta.kubernetes.io/healthcheck-nodeport",
		"is no longer read",
		"set spec.healthCheckNodePort",
	}} {
		if _, set := x.service.Annotations[old.key]; set {
			findings = append(findings, Finding{
				Field:   fmt.Sprintf("metadata.annotations[%s]", old.key),
				Message: fmt.Sprintf("annotation %s %s", old.key, old.message),
				Fix:     old.fix,
			})
		}
	}
	return findings
}

// oldFields says what the API server warns of
// (k8s.io/kubernetes pkg/api/service/warnings.go, GetWarningsForService).
func oldFields(x *subject) []Finding {
	spec := &x.service.Spec
	var findings []Finding
	if len(spec.ExternalIPs) > 0 && !kubernetes.ExternalIPsWarning.Missing(x.Kubernetes) && spec.Type != corev1.ServiceTypeExternalName {
		findings = append(findings, Finding{
			Field:   "spec.externalIPs",
			Message: "externalIPs is deprecated, and clusters may ignore it",
			Fix:     "use the addresses of the nodes, or a service of type LoadBalancer",
		})
	}
	if spec.LoadBalancerIP != "" && spec.Type != corev1.ServiceTypeLoadBalancer && validType(x.service) {
		findings = append(findings, Finding{
			Field:   "spec.loadBalancerIP",
			Message: fmt.Sprintf("loadBalancerIP is ignored on a service of type %s", spec.Type),
			Fix:     x.patchSpec("loadBalancerIP", nil),
		})
	}
	if spec.ExternalName != "" && spec.Type != corev1.ServiceTypeExternalName {
		findings = append(findings, Finding{
			Field:   "spec.externalName",
			Message: fmt.Sprintf("externalName is ignored on a service of type %s", spec.Type),
			Fix:     x.patchSpec("externalName", nil),
		})
	}
	if server, missing := x.without(kubernetes.TrafficDistribution); missing && spec.TrafficDistribution != nil {
		findings = append(findings, Finding{
			Field:   "spec.trafficDistribution",
			Message: server + " ignores trafficDistribution",
			Fix:     x.patchSpec("trafficDistribution", nil),
		})
	} else if distribution := spec.TrafficDistribution; distribution != nil && *distribution == corev1.ServiceTrafficDistributionPreferClose &&
		!kubernetes.PreferSame.Missing(x.Kubernetes) {
		findings = append(findings, Finding{
			Field:   "spec.trafficDistribution",
			Message: "traffic distribution PreferClose is deprecated: it was renamed to PreferSameZone",
			Fix:     x.patchSpec("trafficDistribution", corev1.ServiceTrafficDistributionPreferSameZone),
		})
	}
	return findings
}
