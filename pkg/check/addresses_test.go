package check

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

func addressCases() []ruleCase {
	ips := func(ips ...string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.ClusterIPs = ips[0], ips }
	}
	both := func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{"IPv4", "IPv6"} }
	external := func(name string, changes ...func(*corev1.Service)) *corev1.Service {
		return ofType("ExternalName", append(changes, func(s *corev1.Service) { s.Spec.ExternalName = name })...)
	}
	outside := func(ips ...string) *corev1.Service {
		return service(func(s *corev1.Service) { s.Spec.ExternalIPs = ips })
	}
	labelled := func(key, value string) *corev1.Service {
		return service(func(s *corev1.Service) { s.Labels = map[string]string{key: value} })
	}
	return []ruleCase{{
		id: "NP021", name: "one of each family", service: service(ips("10.3.0.5", "fd00::5"), both),
	}, {
		id: "NP021", name: "no address", service: service(ips("10.3.0")),
		want: []string{"error spec.clusterIP: 10.3.0 is no IP address, so it cannot be a cluster IP"},
	}, {
		id: "NP021", name: "two of one family", service: service(ips("10.3.0.5", "10.3.0.6")),
		want: []string{"error spec.clusterIPs: clusterIPs has two IPv4 addresses"},
	}, {
		id: "NP021", name: "another order than the families", service: service(ips("fd00::5", "10.3.0.5"), both),
		want: []string{
			"error spec.clusterIPs: cluster IP fd00::5 is not IPv4, as ipFamilies says",
			"error spec.clusterIPs: cluster IP 10.3.0.5 is not IPv6, as ipFamilies says",
		},
	}, {
		id: "NP021", name: "clusterIP and clusterIPs differ", service: service(ips("10.3.0.5"), func(s *corev1.Service) { s.Spec.ClusterIP = "10.3.0.6" }),
		want: []string{"error spec.clusterIPs: clusterIPs starts with 10.3.0.5, but clusterIP is 10.3.0.6"},
	}, {
		id: "NP019", name: "two families without a policy", service: service(both),
		want: []string{"error spec.ipFamilyPolicy: the service names two IP families, which the IP family policy SingleStack, which it is unless set, does not allow"},
		fix:  `set spec.ipFamilyPolicy to "PreferDualStack"`,
	}, {
		id: "NP019", name: "two families with one", service: service(both, func(s *corev1.Service) {
			s.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicyRequireDualStack)
		}),
	}, {
		id: "NP022", name: "a name", service: external("db.example.com."),
	}, {
		id: "NP022", name: "no name", service: external(""),
		want: []string{"error spec.externalName: a service of type ExternalName needs an externalName"},
	}, {
		id: "NP022", name: "a URL and a cluster IP", service: external("https://example.com", ips("10.3.0.5")),
		want: []string{
			"error spec.externalName: https://example.com is no DNS name, so it cannot be the externalName",
			"error spec.clusterIP: a service of type ExternalName cannot have clusterIP",
		},
	}, {
		id: "NP023", name: "an address", service: outside("192.0.2.7"),
	}, {
		id: "NP023", name: "special ones", service: outside("127.0.0.1", "0.0.0.0", "169.254.1.1", "host"),
		want: []string{
			"error spec.externalIPs[0]: 127.0.0.1 cannot be an external IP: it is a loopback address",
			"error spec.externalIPs[1]: 0.0.0.0 cannot be an external IP: it is the unspecified address",
			"error spec.externalIPs[2]: 169.254.1.1 cannot be an external IP: it is a link-local address",
			"error spec.externalIPs[3]: host cannot be an external IP: it is no IP address",
		},
	}, {
		id: "NP023", name: "a source range without its length", service: ofType("LoadBalancer", func(s *corev1.Service) {
			s.Spec.LoadBalancerSourceRanges = []string{" 203.0.113.0/24", "203.0.113.7"}
		}),
		want: []string{"error spec.loadBalancerSourceRanges[1]: 203.0.113.7 is no range of addresses such as 203.0.113.0/24"},
	}, {
		id: "NP024", name: "a label", service: labelled("example.com/team", "web"),
	}, {
		id: "NP024", name: "a label with blanks", service: labelled("team", "web shop"),
		want: []string{`error metadata.labels[team]: "web shop" cannot be the value of label team: it must be made of letters, digits, ` +
			"hyphens, dots and underscores, and begin and end with a letter or digit"},
	}, {
		id: "NP025", name: "an address of a pod", service: selecting(nil), in: []any{slice()},
	}, {
		id: "NP025", name: "special ones", service: selecting(nil),
		in: []any{endpointsAt("127.0.0.1", "10.2.1.7", "0.0.0.0", "169.254.1.1", "224.0.0.1", "::ffff:127.0.0.1", "239.1.2.3")},
		want: []string{
			"error EndpointSlice/shop/web-abc endpoints[0].addresses[0]: 127.0.0.1 cannot be the address of an endpoint: it is a loopback address",
			"error EndpointSlice/shop/web-abc endpoints[2].addresses[0]: 0.0.0.0 cannot be the address of an endpoint: it is the unspecified address",
			"error EndpointSlice/shop/web-abc endpoints[3].addresses[0]: 169.254.1.1 cannot be the address of an endpoint: it is a link-local address",
			"error EndpointSlice/shop/web-abc endpoints[4].addresses[0]: 224.0.0.1 cannot be the address of an endpoint: it is a link-local address",
			"error EndpointSlice/shop/web-abc endpoints[5].addresses[0]: ::ffff:127.0.0.1 cannot be the address of an endpoint: it is a loopback address",
			"warning EndpointSlice/shop/web-abc endpoints[6].addresses[0]: 239.1.2.3 is a multicast address, which no pod has",
		},
	}, {
		id: "NP025", name: "names", service: selecting(nil), in: []any{slice(func(s *discoveryv1.EndpointSlice) {
			s.AddressType, s.Endpoints = discoveryv1.AddressTypeFQDN, []discoveryv1.Endpoint{{Addresses: []string{"localhost"}}}
		})},
	}}
}

func endpointsAt(ips ...string) *discoveryv1.EndpointSlice {
	return slice(func(s *discoveryv1.EndpointSlice) {
		s.AddressType, s.Endpoints = discoveryv1.AddressTypeIPv4, nil
		for _, ip := range ips {
			s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Addresses: []string{ip}})
		}
	})
}
