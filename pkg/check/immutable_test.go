package check

import corev1 "k8s.io/api/core/v1"

func immutableCases() []ruleCase {
	v4, v6 := []corev1.IPFamily{corev1.IPv4Protocol}, []corev1.IPFamily{corev1.IPv6Protocol}
	families := func(f []corev1.IPFamily) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.IPFamilies = f }
	}
	class := func(name string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.LoadBalancerClass = &name }
	}
	healthCheck := func(port int32) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.HealthCheckNodePort = port }
	}
	clusterIP := func(ip string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.ClusterIP = ip }
	}
	lb := func(changes ...func(*corev1.Service)) *corev1.Service { return ofType("LoadBalancer", changes...) }
	return []ruleCase{{
		id: "NP016", name: "another cluster IP than in the manifest before", service: service(clusterIP("10.3.0.7")),
		in:   around(replaced{service(clusterIP("10.3.0.5"))}),
		want: []string{"error spec.clusterIP: clusterIP 10.3.0.5 cannot be changed to 10.3.0.7"},
	}, {
		id: "NP016", name: "a manifest that leaves it out", service: service(), in: around(replaced{service(clusterIP("10.3.0.5"))}),
	}, {
		id: "NP020", name: "the same first family", service: service(families(v4)), in: around(replaced{service(families(v4))}),
	}, {
		id: "NP020", name: "another first family", service: service(families(v6)), in: around(replaced{service(families(v4))}),
		want: []string{"error spec.ipFamilies: the first IP family cannot be changed from IPv4 to IPv6"},
	}, {
		id: "NP020", name: "from ExternalName everything may change", service: service(families(v6)),
		in: around(replaced{ofType("ExternalName", families(v4))}),
	}, {
		id: "NP020", name: "another class of load balancer", service: lb(class("b")), in: around(replaced{lb(class("a"))}),
		want: []string{`error spec.loadBalancerClass: loadBalancerClass cannot be changed from "a" to "b"`},
	}, {
		id: "NP020", name: "another health check node port", service: lb(localTraffic, healthCheck(30045)),
		in:   around(replaced{lb(localTraffic, healthCheck(30044))}),
		want: []string{"error spec.healthCheckNodePort: healthCheckNodePort cannot be changed from 30044 to 30045"},
		fix:  "set spec.healthCheckNodePort to 30044",
	}}
}
