package check

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// admission is what the network policies of a pod say to one of its ports when
// somebody outside the cluster knocks. The more is let in, the greater it is.
type admission int

const (
	nobody  admission = iota // or other pods alone
	someone                  // only some addresses
	anyone
)

// admitted is an admission with what makes it so.
type admitted struct {
	to admission
	// by are the policies that select the pod, sorted by name.
	by []*networkingv1.NetworkPolicy
	// pods tells that other pods are let in, blocks which addresses are.
	pods   bool
	blocks []*networkingv1.IPBlock
}

// admits evaluates the ingress policies that select a pod for one of its
// ports. They add up: what one of them allows is allowed
// (k8s.io/api networking/v1 types.go, NetworkPolicySpec).
func (x *subject) admits(b *backend, number int32, protocol corev1.Protocol) admitted {
	result := admitted{to: anyone}
	for _, policy := range x.policiesOn(b) {
		if len(result.by) == 0 {
			result.to = nobody
		}
		result.by = append(result.by, policy)
		for i := range policy.Spec.Ingress {
			if rule := &policy.Spec.Ingress[i]; opens(rule.Ports, b.spec, number, protocol) {
				result.add(rule.From)
			}
		}
	}
	return result
}

// add lets in whoever a rule names; a rule that names nobody is for everybody.
func (a *admitted) add(from []networkingv1.NetworkPolicyPeer) {
	if len(from) == 0 {
		a.to = anyone
		return
	}
	for i := range from {
		block := from[i].IPBlock
		if block == nil {
			a.pods = true
			continue
		}
		a.blocks = append(a.blocks, block)
		a.to = max(a.to, someone)
		if prefix, err := netip.ParsePrefix(block.CIDR); err == nil && prefix.Bits() == 0 {
			a.to = anyone // whatever is excepted is meant to be kept out
		}
	}
}

// policiesOn returns the policies that isolate a pod for ingress. Pods on the
// host's network are not isolated: plugins cannot tell their traffic from the node's.
func (x *subject) policiesOn(b *backend) []*networkingv1.NetworkPolicy {
	if b.spec.HostNetwork {
		return nil
	}
	var on []*networkingv1.NetworkPolicy
	for _, policy := range x.PoliciesIn(x.ref.Namespace) {
		selector, err := x.index.policySelector(policy)
		if err == nil && forIngress(policy) && selector.Matches(labels.Set(b.labels)) {
			on = append(on, policy)
		}
	}
	return on
}

// policySelector parses the selector of a policy once.
func (x *index) policySelector(policy *networkingv1.NetworkPolicy) (labels.Selector, error) {
	if selector, ok := x.selectors[policy]; ok {
		return selector, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
	if err == nil {
		x.selectors[policy] = selector
	}
	return selector, err
}

// forIngress follows the API server's default: a policy that does not say is
// for ingress (k8s.io/kubernetes pkg/apis/networking/v1/defaults.go).
func forIngress(policy *networkingv1.NetworkPolicy) bool {
	types := policy.Spec.PolicyTypes
	return len(types) == 0 || slices.Contains(types, networkingv1.PolicyTypeIngress)
}

// opens tells whether a rule is about a port; one without ports is about all.
func opens(ports []networkingv1.NetworkPolicyPort, spec *corev1.PodSpec, number int32, protocol corev1.Protocol) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		if p.Protocol == nil && protocol != corev1.ProtocolTCP || p.Protocol != nil && *p.Protocol != protocol {
			return false
		}
		switch {
		case p.Port == nil:
			return true
		case p.Port.Type == intstr.String:
			return portNamed(spec, p.Port.StrVal, protocol) == number
		case p.EndPort != nil:
			return p.Port.IntVal <= number && number <= *p.EndPort
		}
		return p.Port.IntVal == number
	})
}

// portNamed finds a named port of a pod as endpoints find it; 0 when there is none.
func portNamed(spec *corev1.PodSpec, name string, protocol corev1.Protocol) int32 {
	for container := range containers(spec) {
		for i := range container.Ports {
			if port := &container.Ports[i]; port.Name == name && protocolOf(port) == protocol {
				return port.ContainerPort
			}
		}
	}
	return 0
}

// targetNumber is the port of a pod that a port of the service leads to; 0
// when the pod has none of that name.
func targetNumber(spec *corev1.PodSpec, port *corev1.ServicePort) int32 {
	if named(port) {
		return portNamed(spec, port.TargetPort.StrVal, port.Protocol)
	}
	return port.TargetPort.IntVal
}

func blocksText(blocks []*networkingv1.IPBlock) string {
	var texts []string
	for _, block := range blocks {
		texts = append(texts, plain(block.CIDR))
	}
	slices.Sort(texts)
	return listText(slices.Compact(texts))
}

func policyNames(policies []*networkingv1.NetworkPolicy) string {
	var names []string
	for _, policy := range policies {
		names = append(names, plain(policy.Name))
	}
	noun := "NetworkPolicy "
	if len(names) > 1 {
		noun = "NetworkPolicies "
	}
	return noun + listText(names)
}

func countOf(n, all int, noun string) string {
	if n == all {
		return "the " + count(n, noun)
	}
	return fmt.Sprintf("%d of %d %ss", n, all, noun)
}
