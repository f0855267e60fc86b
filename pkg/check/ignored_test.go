package check

import corev1 "k8s.io/api/core/v1"

func ignoredCases() []ruleCase {
	annotated := func(key string) *corev1.Service {
		return service(func(s *corev1.Service) { s.Annotations = map[string]string{key: "true"} })
	}
	marked := func(changes ...func(*corev1.Service)) *corev1.Service {
		return service(append(changes, func(s *corev1.Service) {
			s.Labels = map[string]string{"service.kubernetes.io/service-proxy-name": "kube-router"}
		})...)
	}
	return []ruleCase{{
		id: "NP501", name: "an external name without node ports", service: at(0, func(s *corev1.Service) { s.Spec.Type = "ExternalName" }),
	}, {
		id: "NP501", name: "an external name with one", service: ofType("ExternalName"),
		want: []string{"error spec.type: a service of type ExternalName is only a name in DNS: no node listens at its node ports"},
	}, {
		id: "NP502", name: "kube-proxy is in charge", service: service(),
	}, {
		id: "NP502", name: "another proxy is", service: marked(),
		want: []string{"warning metadata.labels: label service.kubernetes.io/service-proxy-name=kube-router makes kube-proxy ignore the service, " +
			"so only that proxy can open its node ports"},
	}, {
		id: "NP503", name: "an annotation of today", service: annotated("service.kubernetes.io/topology-mode"),
	}, {
		id: "NP503", name: "an annotation that became another", service: annotated("service.kubernetes.io/topology-aware-hints"),
		want: []string{"warning metadata.annotations[service.kubernetes.io/topology-aware-hints]: annotation service.kubernetes.io/topology-aware-hints " +
			"is deprecated: the API server asks for service.kubernetes.io/topology-mode"},
	}, {
		id: "NP503", name: "an annotation that became a field", service: annotated("service.alpha.kubernetes.io/tolerate-unready-endpoints"),
		want: []string{"warning metadata.annotations[service.alpha.kubernetes.io/tolerate-unready-endpoints]: annotation " +
			"service.alpha.kubernetes.io/tolerate-unready-endpoints is no longer read, so pods that are not ready get no traffic"},
	}, {
		id: "NP504", name: "no such fields", service: service(),
	}, {
		id: "NP504", name: "all of them",
		service: service(func(s *corev1.Service) {
			s.Spec.ExternalIPs, s.Spec.ExternalName, s.Spec.TrafficDistribution = []string{"192.0.2.1"}, "example.com", new("PreferClose")
			s.Spec.LoadBalancerIP = "192.0.2.2"
		}),
		want: []string{
			"warning spec.externalIPs: externalIPs is deprecated, and clusters may ignore it",
			"warning spec.loadBalancerIP: loadBalancerIP is ignored on a service of type NodePort",
			"warning spec.externalName: externalName is ignored on a service of type NodePort",
			"warning spec.trafficDistribution: traffic distribution PreferClose is deprecated: it was renamed to PreferSameZone",
		},
	}}
}
