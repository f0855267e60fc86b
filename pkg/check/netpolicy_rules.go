package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// networkPolicyRules look at policies as their author meant them: whether they
// are enforced depends on the cluster's network plugin.
func networkPolicyRules() []Rule {
	return []Rule{{
		ID: "NP241", Severity: Error, Title: "network policy keeps clients outside out", find: perPort(policyBlocks),
		Explanation: "As soon as one NetworkPolicy for ingress selects a pod, only what some policy allows is let in. Peers " +
			"given as podSelector or namespaceSelector are pods; clients outside of the cluster, and the nodes that forward " +
			"for them, are matched by ipBlock alone, or by a rule without from. The connection times out. A warning means " +
			"that this holds for some of the pods. Clusters whose network plugin does not know policies ignore them.",
	}, {
		ID: "NP242", Severity: Warning, Title: "network policy expects the client's address", find: perPort(policySeesNodes),
		Explanation: "With externalTrafficPolicy Cluster the node that a packet reaches puts its own address in place of the " +
			"client's. An ipBlock with the addresses of clients then matches nothing: use Local, or allow the nodes too.",
	}, {
		ID: "NP243", Severity: Info, Title: "network policy admits only some addresses", find: perPort(policyNarrows),
		Explanation: "Only the addresses of its ipBlock get through. All others time out, which is likely meant.",
	}}
}

// judged are the backends of a port by what policies let in, one of each
// workload: pods of the same template have the same labels.
type judged struct {
	blocked, narrowed []admitted
	all               int
}

func (x *subject) judge(port *corev1.ServicePort) judged {
	if len(x.PoliciesIn(x.ref.Namespace)) == 0 || !hasNodePortType(x.service) {
		return judged{}
	}
	var j judged
	seen := map[snapshot.Ref]bool{}
	for i := range x.backends {
		backend := &x.backends[i]
		number := targetNumber(backend.spec, port)
		if seen[backend.owner] || number == 0 {
			continue
		}
		seen[backend.owner] = true
		j.all++
		switch found := x.admits(backend, number, port.Protocol); found.to {
		case nobody:
			j.blocked = append(j.blocked, found)
		case someone:
			j.narrowed = append(j.narrowed, found)
		}
	}
	return j
}

func policyBlocks(x *subject, i int, port *corev1.ServicePort) []Finding {
	j := x.judge(port)
	if len(j.blocked) == 0 {
		return nil
	}
	first := j.blocked[0]
	why := "no rule of it allows any client"
	if len(first.by) > 1 {
		why = "no rule of theirs allows any client"
	}
	if first.pods {
		why = "its rules allow other pods alone"
		if len(first.by) > 1 {
			why = "their rules allow other pods alone"
		}
	}
	finding := Finding{
		Object: snapshot.RefOf("NetworkPolicy", first.by[0]),
		Field:  "spec",
		Message: fmt.Sprintf("%s %s clients outside the cluster from %s of %s: %s", policyNames(first.by),
			keepOrKeeps(len(first.by)), x.portName(i), x.ownersText(), why),
		Fix:     x.allowIngress(port),
		Passing: true,
	}
	if len(j.blocked) < j.all {
		finding.Severity = Warning
		finding.Message += fmt.Sprintf(", which concerns %s", countOf(len(j.blocked), j.all, "workload"))
	}
	return []Finding{finding}
}

func keepOrKeeps(n int) string {
	if n == 1 {
		return "keeps"
	}
	return "keep"
}

// ownersText names what is behind the service.
func (x *subject) ownersText() string {
	var names []string
	for _, owner := range owners(x.backends) {
		names = append(names, objectText(owner))
	}
	return listText(names)
}

// allowIngress is the command that lets everybody in to one port.
func (x *subject) allowIngress(port *corev1.ServicePort) string {
	target := jsonText(port.TargetPort.StrVal)
	if !named(port) {
		target = fmt.Sprint(port.TargetPort.IntVal)
	}
	policy := fmt.Sprintf(`{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy",`+
		`"metadata":{"name":%s,"namespace":%s},"spec":{"podSelector":{"matchLabels":%s},`+
		`"ingress":[{"ports":[{"port":%s,"protocol":%s}]}]}}`,
		jsonText(x.ref.Name+"-from-outside"), jsonText(x.ref.Namespace), jsonText(x.service.Spec.Selector),
		target, jsonText(string(port.Protocol)))
	if !x.live {
		return "add a NetworkPolicy that allows them: " + policy
	}
	return "kubectl create -f - <<< " + shellQuote(policy)
}

// policySeesNodes holds address ranges against the nodes, whose addresses the
// pods see (k8s.io/kubernetes pkg/proxy/iptables/proxier.go, masquerading).
func policySeesNodes(x *subject, i int, port *corev1.ServicePort) []Finding {
	narrowed := x.judge(port).narrowed
	if local(x.service) || len(narrowed) == 0 {
		return nil
	}
	nodes := x.nodeAddresses()
	if len(nodes) == 0 {
		return nil
	}
	for _, narrow := range narrowed {
		if slices.ContainsFunc(nodes, func(ip netip.Addr) bool { return contained(narrow.blocks, ip) }) {
			continue
		}
		return []Finding{{
			Object: snapshot.RefOf("NetworkPolicy", narrow.by[0]),
			Field:  "spec.ingress",
			Message: fmt.Sprintf("%s to %s admits %s, but with externalTrafficPolicy Cluster the pods see the addresses of nodes, and no node is in there",
				policyNames(narrow.by), x.portName(i), blocksText(narrow.blocks)),
			Fix:     x.patchSpec("externalTrafficPolicy", corev1.ServiceExternalTrafficPolicyLocal) + "; or add the addresses of the nodes to the policy",
			Passing: true,
		}}
	}
	return nil
}

func policyNarrows(x *subject, i int, port *corev1.ServicePort) []Finding {
	j := x.judge(port)
	if len(j.narrowed) == 0 || len(j.blocked) > 0 || len(policySeesNodes(x, i, port)) > 0 {
		return nil
	}
	narrow := j.narrowed[0]
	return []Finding{{
		Object:  snapshot.RefOf("NetworkPolicy", narrow.by[0]),
		Field:   "spec.ingress",
		Message: fmt.Sprintf("%s to %s admits only clients from %s", policyNames(narrow.by), x.portName(i), blocksText(narrow.blocks)),
		Fix:     "nothing, if all clients are in there",
	}}
}

// nodeAddresses are the internal addresses of all nodes.
func (x *subject) nodeAddresses() []netip.Addr {
	var addresses []netip.Addr
	for _, node := range x.Nodes {
		for _, address := range node.Status.Addresses {
			if ip, err := netip.ParseAddr(strings.TrimSpace(address.Address)); err == nil && address.Type == corev1.NodeInternalIP {
				addresses = append(addresses, ip)
			}
		}
	}
	return addresses
}

func contained(blocks []*networkingv1.IPBlock, ip netip.Addr) bool {
	return slices.ContainsFunc(blocks, func(block *networkingv1.IPBlock) bool {
		prefix, err := netip.ParsePrefix(block.CIDR)
		if err != nil || !prefix.Contains(ip) {
			return false
		}
		return !slices.ContainsFunc(block.Except, func(except string) bool {
			out, err := netip.ParsePrefix(except)
			return err == nil && out.Contains(ip)
		})
	})
}
