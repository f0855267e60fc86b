package check

import corev1 "k8s.io/api/core/v1"

func specCases() []ruleCase {
	affinity := func(kind corev1.ServiceAffinity, seconds int32) *corev1.Service {
		return service(func(s *corev1.Service) {
			s.Spec.SessionAffinity = kind
			s.Spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: &seconds}}
		})
	}
	spec := func(change func(*corev1.ServiceSpec)) *corev1.Service {
		return service(func(s *corev1.Service) { change(&s.Spec) })
	}
	const timeout = "error spec.sessionAffinityConfig.clientIP.timeoutSeconds: session affinity timeout of "
	return []ruleCase{{
		id: "NP017", name: "no affinity", service: service(),
	}, {
		id: "NP017", name: "a day is the longest", service: affinity("ClientIP", 86400),
	}, {
		id: "NP017", name: "affinity without a timeout", service: spec(func(s *corev1.ServiceSpec) { s.SessionAffinity = "ClientIP" }),
	}, {
		id: "NP017", name: "more than a day", service: affinity("ClientIP", 86401),
		want: []string{timeout + "86401 seconds is not from 1 to 86400"},
	}, {
		id: "NP017", name: "no time at all", service: affinity("ClientIP", 0),
		want: []string{timeout + "0 seconds is not from 1 to 86400"},
	}, {
		id: "NP017", name: "affinity to cookies", service: affinity("Cookie", 10),
		want: []string{"error spec.sessionAffinity: sessionAffinity cannot be Cookie: it must be None or ClientIP"},
	}, {
		id: "NP018", name: "all policies there are",
		service: spec(func(s *corev1.ServiceSpec) {
			s.ExternalTrafficPolicy, s.InternalTrafficPolicy = "Cluster", new(corev1.ServiceInternalTrafficPolicyLocal)
			s.TrafficDistribution = new("PreferSameZone")
		}),
	}, {
		id: "NP018", name: "policies that there are not",
		service: spec(func(s *corev1.ServiceSpec) {
			s.ExternalTrafficPolicy, s.InternalTrafficPolicy = "local", new(corev1.ServiceInternalTrafficPolicy("Node"))
			s.TrafficDistribution = new("SameZone")
		}),
		want: []string{
			"error spec.externalTrafficPolicy: externalTrafficPolicy cannot be local: it must be Cluster or Local",
			"error spec.internalTrafficPolicy: internalTrafficPolicy cannot be Node: it must be Cluster or Local",
			"error spec.trafficDistribution: trafficDistribution cannot be SameZone: it must be PreferSameZone, PreferSameNode or PreferClose",
		},
	}, {
		id: "NP018", name: "an external policy on a service without outside", service: ofType("ClusterIP", localTraffic),
		want: []string{"error spec.externalTrafficPolicy: externalTrafficPolicy is for services that are reached from outside, and a ClusterIP is not"},
		fix:  "remove spec.externalTrafficPolicy",
	}, {
		id: "NP018", name: "an external policy with external addresses",
		service: ofType("ClusterIP", localTraffic, func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"192.0.2.1"} }),
	}, {
		id: "NP019", name: "two families",
		service: spec(func(s *corev1.ServiceSpec) {
			s.IPFamilies, s.IPFamilyPolicy = []corev1.IPFamily{"IPv6", "IPv4"}, new(corev1.IPFamilyPolicyRequireDualStack)
		}),
	}, {
		id: "NP019", name: "one family twice",
		service: spec(func(s *corev1.ServiceSpec) { s.IPFamilies = []corev1.IPFamily{"IPv4", "IPv4"} }),
		want:    []string{"error spec.ipFamilies[1]: IP family IPv4 is listed twice"},
	}, {
		id: "NP019", name: "a family and a policy that there are not",
		service: spec(func(s *corev1.ServiceSpec) {
			s.IPFamilies, s.IPFamilyPolicy = []corev1.IPFamily{"ipv4"}, new(corev1.IPFamilyPolicy("DualStack"))
		}),
		want: []string{
			"error spec.ipFamilies[0]: ipFamilies[0] cannot be ipv4: it must be IPv4 or IPv6",
			"error spec.ipFamilyPolicy: ipFamilyPolicy cannot be DualStack: it must be SingleStack, PreferDualStack or RequireDualStack",
		},
	}}
}
