package check

import corev1 "k8s.io/api/core/v1"

func familyCases() []ruleCase {
	v6 := service(func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} })
	v4 := service(func(s *corev1.Service) { s.Spec.ClusterIPs = []string{"10.3.11.5"} })
	at := func(name, ip string) *corev1.Node {
		return node(name, func(n *corev1.Node) {
			n.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: ip}}
		})
	}
	return []ruleCase{{
		id: "NP225", name: "pods of the family", service: v4,
	}, {
		id: "NP225", name: "pods of another", service: v6,
		want: []string{"error spec.ipFamilies: the service is IPv6 only, and no ready pod has such an address: web-1 has 10.2.1.7"},
	}, {
		id: "NP405", name: "nodes of the family", service: v4, in: []any{pod(), at("n1", "10.1.11.4")},
	}, {
		id: "NP405", name: "nodes of another", service: v6, in: []any{pod(), at("n1", "10.1.11.4")},
		want: []string{"error spec.ipFamilies: the service is IPv6 only, and no node has such an address, so no client reaches its node ports"},
	}, {
		id: "NP407", name: "nodes with an address each", service: service(), in: []any{pod(), at("n1", "10.1.11.4"), at("n2", "10.1.11.5")},
	}, {
		id: "NP407", name: "nodes behind one NAT", service: service(), in: []any{pod(), at("n2", "10.0.2.15"), at("n1", "10.0.2.15")},
		want: []string{"warning Node/n1: nodes n1 and n2 all have the address 10.0.2.15, which leads to one of them at most"},
	}}
}
