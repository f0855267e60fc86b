package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func familyRules() []Rule {
	return []Rule{{
		ID: "NP225", Severity: Error, Title: "pods have no address of the IP family", find: podsLackFamily,
		Explanation: "A pod is an endpoint only in the IP families in which it has an address. A service of another family has " +
			"no endpoints, although its pods are ready.",
	}, {
		ID: "NP405", Severity: Error, Title: "no node has an address of the IP family", find: nodesLackFamily,
		Explanation: "Node ports are open only in the IP families of the service. A client of a family that the service or the " +
			"nodes do not have is refused by the node itself.",
	}, {
		ID: "NP407", Severity: Warning, Title: "nodes have the same address", find: sharedAddresses,
		Explanation: "Several nodes give the same internal address, as virtual machines behind one NAT do. The address leads to " +
			"one of them at most; kubelets need --node-ip to choose another.",
	}}
}

// families are those of the service, where they are known.
func (x *subject) families() []corev1.IPFamily {
	if len(x.service.Spec.IPFamilies) > 0 || x.service.Spec.Type == corev1.ServiceTypeExternalName {
		return x.service.Spec.IPFamilies
	}
	var families []corev1.IPFamily
	for _, ip := range x.service.Spec.ClusterIPs {
		if family, ok := familyOf(ip); ok {
			families = append(families, family)
		}
	}
	return families
}

func podsLackFamily(x *subject) []Finding {
	ready := x.tally().ready
	if len(ready) == 0 || len(x.families()) == 0 || !hasNodePortType(x.service) {
		return nil
	}
	known := false
	for _, pod := range ready {
		for _, ip := range podIPs(pod) {
			family, ok := familyOf(ip)
			known = known || ok
			if slices.Contains(x.families(), family) {
				return nil
			}
		}
	}
	if !known {
		return nil
	}
	return []Finding{{
		Field: "spec.ipFamilies",
		Message: fmt.Sprintf("the service is %s only, and no ready pod has such an address: %s has %s",
			familyText(x.families()), plain(ready[0].Name), strings.Join(plainAll(podIPs(ready[0])), " and ")),
		Fix:     "create the service anew with the IP family of the pods",
		Passing: true,
	}}
}

func podIPs(pod *corev1.Pod) []string {
	var ips []string
	for _, ip := range pod.Status.PodIPs {
		ips = append(ips, ip.IP)
	}
	if len(ips) == 0 && pod.Status.PodIP != "" {
		ips = []string{pod.Status.PodIP}
	}
	return ips
}

func familyText(families []corev1.IPFamily) string {
	var names []string
	for _, family := range families {
		names = append(names, plain(string(family)))
	}
	return strings.Join(names, " and ")
}

// nodesLackFamily looks at IP addresses alone: nodes with nothing but names
// may have any.
func nodesLackFamily(x *subject) []Finding {
	if len(x.families()) == 0 || len(x.Nodes) == 0 || !hasNodePortType(x.service) {
		return nil
	}
	if len(x.index.nodeFamilies) == 0 {
		return nil
	}
	for _, family := range x.families() {
		if x.index.nodeFamilies[family] {
			return nil
		}
	}
	return []Finding{{
		Field: "spec.ipFamilies",
		Message: fmt.Sprintf("the service is %s only, and no node has such an address, so no client reaches its node ports",
			familyText(x.families())),
		Fix: "create the service anew with an IP family of the nodes, or with ipFamilyPolicy PreferDualStack on a dual-stack cluster",
	}}
}

// nodeFamilies are the IP families in which nodes have addresses.
func nodeFamilies(nodes []*corev1.Node) map[corev1.IPFamily]bool {
	families := map[corev1.IPFamily]bool{}
	for _, node := range nodes {
		for _, address := range node.Status.Addresses {
			if family, ok := familyOf(address.Address); ok {
				families[family] = true
			}
		}
	}
	return families
}

// sharedAddresses is about nodes, not about one service.
func sharedAddresses(x *subject) []Finding {
	var findings []Finding
	for _, shared := range x.index.shared {
		findings = append(findings, Finding{
			Object: snapshot.Ref{Kind: "Node", Name: shared.nodes[0]},
			Message: fmt.Sprintf("nodes %s all have the address %s, which leads to one of them at most",
				listText(plainAll(shared.nodes)), shared.address),
			Fix:     "use other addresses of the nodes, or start their kubelets with --node-ip",
			Passing: true,
		})
	}
	return findings
}

// sharedAddress is an internal address with the nodes that give it, sorted.
type sharedAddress struct {
	address netip.Addr
	nodes   []string
}

func sharedNodeAddresses(nodes []*corev1.Node) []sharedAddress {
	by := map[netip.Addr][]string{}
	for _, node := range nodes {
		for _, address := range node.Status.Addresses {
			ip, err := netip.ParseAddr(address.Address)
			if err == nil && address.Type == corev1.NodeInternalIP && !slices.Contains(by[ip], node.Name) {
				by[ip] = append(by[ip], node.Name)
			}
		}
	}
	var shared []sharedAddress
	for ip, names := range by {
		if len(names) > 1 {
			slices.Sort(names)
			shared = append(shared, sharedAddress{ip, names})
		}
	}
	slices.SortFunc(shared, func(a, b sharedAddress) int { return a.address.Compare(b.address) })
	return shared
}
