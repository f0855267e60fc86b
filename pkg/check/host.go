package check

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/platform"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// hostRules are about what the nodes are.
func hostRules() []Rule {
	return []Rule{{
		ID: "NP107", Severity: Warning, Title: "node port is a port of the nodes' own", find: ownPort,
		Explanation: "A node port range that is wider than usual may hold ports at which nodes listen themselves, such as SSH or " +
			"the API server. The service takes their traffic away.",
	}, {
		ID: "NP406", Severity: Warning, Title: "session affinity on a kernel of WSL 2", find: affinityOnWSL,
		Explanation: "The kernel of WSL 2 lacks xt_recent, which kube-proxy's iptables mode needs for session affinity. One such " +
			"service stops kube-proxy from updating any service of the cluster.",
	}, {
		ID: "NP408", Severity: Info, Title: "node is about to be removed", find: nodesLeaving,
		Explanation: "The cluster autoscaler has marked the node for removal. Its address works until then.",
	}}
}

// ownPorts are what listens on the nodes of most clusters.
func ownPorts() map[int32]string {
	return map[int32]string{
		22: "SSH", 2379: "etcd", 2380: "etcd", 6443: "the API server", 10248: "the kubelet", 10249: "kube-proxy", 10250: "the kubelet",
		10256: "kube-proxy", 10257: "kube-controller-manager", 10259: "kube-scheduler",
	}
}

func ownPort(x *subject) []Finding {
	var findings []Finding
	for _, request := range x.requests {
		who, own := ownPorts()[request.port]
		if !own || request.protocol != corev1.ProtocolTCP || !x.NodePorts.OrDefault().Contains(request.port) {
			continue
		}
		findings = append(findings, Finding{
			Field:   request.field,
			Message: fmt.Sprintf("node port %d of %s is usually that of %s on the nodes, whose traffic the service takes away", request.port, request.what, who),
			Fix:     x.chooseAnother(request),
		})
	}
	return findings
}

func affinityOnWSL(x *subject) []Finding {
	if x.service.Spec.SessionAffinity != corev1.ServiceAffinityClientIP || !x.index.wsl {
		return nil
	}
	return []Finding{{
		Field:   "spec.sessionAffinity",
		Message: "the nodes run the kernel of WSL 2, where session affinity stops kube-proxy's iptables mode from updating any service",
		Fix:     x.patchSpec("sessionAffinity", corev1.ServiceAffinityNone),
	}}
}

func onWSL(nodes []*corev1.Node) bool { return platform.Detect(nodes).WSL }

// nodesLeaving is about nodes, not about one service.
func nodesLeaving(x *subject) []Finding {
	var findings []Finding
	for _, name := range x.index.leaving {
		findings = append(findings, Finding{
			Object:  snapshot.Ref{Kind: "Node", Name: name},
			Message: fmt.Sprintf("node %s is about to be removed by the cluster autoscaler", plain(name)),
			Fix:     "use the address of another node",
			Passing: true,
		})
	}
	return findings
}

func leavingNodes(nodes []*corev1.Node) []string {
	var names []string
	for _, node := range nodes {
		for _, taint := range node.Spec.Taints {
			if taint.Key == "ToBeDeletedByClusterAutoscaler" {
				names = append(names, node.Name)
			}
		}
	}
	return names
}
