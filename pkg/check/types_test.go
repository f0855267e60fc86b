package check

import corev1 "k8s.io/api/core/v1"

func ofType(t corev1.ServiceType, changes ...func(*corev1.Service)) *corev1.Service {
	return service(append([]func(*corev1.Service){func(s *corev1.Service) { s.Spec.Type = t }}, changes...)...)
}

func localTraffic(s *corev1.Service) {
	s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
}

func typeCases() []ruleCase {
	checkAt := func(port int32) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.HealthCheckNodePort = port }
	}
	clusterIP := func(ip string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.ClusterIP = ip }
	}
	return []ruleCase{{
		id: "NP012", name: "NodePort", service: service(),
	}, {
		id: "NP012", name: "a type in small letters", service: ofType("nodeport"),
		want: []string{"error spec.type: nodeport is no type of service: it must be ClusterIP, NodePort, LoadBalancer or ExternalName"},
		fix:  `set spec.type to "NodePort"`,
	}, {
		id: "NP013", name: "a ClusterIP service without node ports", service: ofType("ClusterIP", func(s *corev1.Service) { s.Spec.Ports[0].NodePort = 0 }),
	}, {
		id: "NP013", name: "a ClusterIP service with one", service: ofType("ClusterIP"),
		want: []string{"error spec.ports[0].nodePort: port http has node port 30033, but the service is of type ClusterIP, which has none"},
	}, {
		id: "NP013", name: "a service that names no type", service: ofType(""),
		want: []string{"error spec.ports[0].nodePort: port http has node port 30033, but the service is of type ClusterIP, which has none"},
		fix:  `set spec.type to "NodePort"`,
	}, {
		id: "NP014", name: "a cluster IP", service: service(clusterIP("10.3.11.5")),
	}, {
		id: "NP014", name: "no cluster IP", service: service(clusterIP("None")),
		want: []string{"error spec.clusterIP: clusterIP is None, and a headless service cannot be of type NodePort"},
	}, {
		id: "NP015", name: "fields of load balancers on one",
		service: ofType("LoadBalancer", localTraffic, checkAt(30044), func(s *corev1.Service) {
			s.Spec.AllocateLoadBalancerNodePorts = new(true)
			s.Spec.LoadBalancerSourceRanges = []string{"10.0.0.0/8"}
		}),
	}, {
		id: "NP015", name: "on a NodePort service",
		service: service(checkAt(30044), func(s *corev1.Service) {
			s.Spec.AllocateLoadBalancerNodePorts = new(true)
			s.Spec.LoadBalancerSourceRanges = []string{"10.0.0.0/8"}
			s.Spec.LoadBalancerClass = new("example.com/lb")
		}),
		want: []string{
			"error spec.loadBalancerSourceRanges: loadBalancerSourceRanges is only for services of type LoadBalancer, and this one is a NodePort",
			"error spec.allocateLoadBalancerNodePorts: allocateLoadBalancerNodePorts is only for services of type LoadBalancer, and this one is a NodePort",
			"error spec.loadBalancerClass: loadBalancerClass is only for services of type LoadBalancer, and this one is a NodePort",
			"error spec.healthCheckNodePort: healthCheckNodePort is only for services of type LoadBalancer, and this one is a NodePort",
		},
		fix: "remove spec.loadBalancerSourceRanges",
	}, {
		id: "NP015", name: "a health check on a load balancer whose traffic is not local", service: ofType("LoadBalancer", checkAt(30044)),
		want: []string{"error spec.healthCheckNodePort: healthCheckNodePort is only for the external traffic policy Local, and this one is Cluster"},
	}, {
		id: "NP016", name: "the manifest leaves the cluster IP to the API server", service: service(),
		in: around(service(live, clusterIP("10.3.11.5"))),
	}, {
		id: "NP016", name: "the manifest asks for another cluster IP than the service has", service: service(clusterIP("10.3.11.6")),
		in:   around(service(live, clusterIP("10.3.11.5"))),
		want: []string{"error spec.clusterIP: clusterIP 10.3.11.5 cannot be changed to 10.3.11.6"},
		fix:  "remove spec.clusterIP, or set it to 10.3.11.5",
	}, {
		id: "NP016", name: "an external name becomes a service with a cluster IP", service: service(clusterIP("10.3.11.6")),
		in: around(ofType("ExternalName", live, clusterIP("10.3.11.5"))),
	}}
}
