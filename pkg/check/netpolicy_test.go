package check

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// policy selects all pods of the namespace for ingress.
func policy(name string, rules ...networkingv1.NetworkPolicyIngressRule) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       networkingv1.NetworkPolicySpec{Ingress: rules},
	}
}

func from(peers ...networkingv1.NetworkPolicyPeer) networkingv1.NetworkPolicyIngressRule {
	return networkingv1.NetworkPolicyIngressRule{From: peers}
}

func at300(rule networkingv1.NetworkPolicyIngressRule, port intstr.IntOrString, end int32) networkingv1.NetworkPolicyIngressRule {
	rule.Ports = []networkingv1.NetworkPolicyPort{{Port: &port}}
	if end != 0 {
		rule.Ports[0].EndPort = &end
	}
	return rule
}

func block(cidr string, except ...string) networkingv1.NetworkPolicyPeer {
	return networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: cidr, Except: except}}
}

func networkPolicyCases() []ruleCase {
	pods := networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{}}
	egress := policy("egress")
	egress.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}
	others := policy("others")
	others.Spec.PodSelector.MatchLabels = map[string]string{"app": "db"}
	number, name := intstr.FromInt32, intstr.FromString
	addressed := func(ip string) *corev1.Node {
		return node("n1", func(n *corev1.Node) {
			n.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: ip}}
		})
	}
	const blocked = "error NetworkPolicy/shop/deny spec: NetworkPolicy deny keeps clients outside the cluster from port http of Deployment web: "
	const none = blocked + "no rule of it allows any client"
	return []ruleCase{{
		id: "NP241", name: "default deny", service: service(), in: around(policy("deny")), want: []string{none},
	}, {
		id: "NP241", name: "other pods alone", service: service(), in: around(policy("deny", from(pods))),
		want: []string{blocked + "its rules allow other pods alone"},
	}, {
		id: "NP241", name: "another policy allows", service: service(), in: around(policy("deny"), policy("allow", from())),
	}, {
		id: "NP241", name: "another port is allowed", service: service(), in: around(policy("deny", at300(from(), number(80), 0))),
		want: []string{none},
	}, {
		id: "NP241", name: "the port is allowed by its number", service: service(), in: around(policy("deny", at300(from(), number(300), 0))),
	}, {
		id: "NP241", name: "by its name", service: service(), in: around(policy("deny", at300(from(), name("http"), 0))),
	}, {
		id: "NP241", name: "by another name", service: service(), in: around(policy("deny", at300(from(), name("admin"), 0))), want: []string{none},
	}, {
		id: "NP241", name: "in a range", service: service(), in: around(policy("deny", at300(from(), number(200), 400))),
	}, {
		id: "NP241", name: "below a range", service: service(), in: around(policy("deny", at300(from(), number(301), 400))), want: []string{none},
	}, {
		id: "NP241", name: "egress is another matter", service: service(), in: around(egress),
	}, {
		id: "NP241", name: "other pods are", service: service(), in: around(others),
	}, {
		id: "NP241", name: "pods on the host's network cannot be told from the node", service: service(),
		in: []any{node("n1"), pod(func(p *corev1.Pod) { p.Spec.HostNetwork = true }), policy("deny")},
	}, {
		id: "NP242", name: "everybody", service: service(), in: []any{pod(), addressed("10.1.11.4"), policy("allow", from(block("0.0.0.0/0", "192.0.2.0/24")))},
	}, {
		id: "NP242", name: "the addresses of nodes", service: service(), in: []any{pod(), addressed("10.1.11.4"), policy("allow", from(block("10.0.0.0/8")))},
	}, {
		id: "NP242", name: "clients, whose address the pods do not see", service: service(),
		in: []any{pod(), addressed("10.1.11.4"), policy("allow", from(block("203.0.113.0/24")))},
		want: []string{"warning NetworkPolicy/shop/allow spec.ingress: NetworkPolicy allow to port http admits 203.0.113.0/24, but with " +
			"externalTrafficPolicy Cluster the pods see the addresses of nodes, and no node is in there"},
	}, {
		id: "NP242", name: "clients, whose address the pods see", service: service(localTraffic),
		in: []any{pod(), addressed("10.1.11.4"), policy("allow", from(block("203.0.113.0/24")))},
	}, {
		id: "NP243", name: "everybody", service: service(), in: around(policy("allow", from(block("::/0")))),
	}, {
		id: "NP243", name: "some addresses", service: service(), in: around(policy("allow", from(block("203.0.113.0/24"), block("10.0.0.0/8")))),
		want: []string{"info NetworkPolicy/shop/allow spec.ingress: NetworkPolicy allow to port http admits only clients from 10.0.0.0/8 and 203.0.113.0/24"},
	}}
}
