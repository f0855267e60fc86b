package check

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

func hostCases() []ruleCase {
	wide := nodeport.Range{First: 1, Last: 32767, Learned: true}
	sticky := service(func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityClientIP })
	wsl := node("n1", func(n *corev1.Node) { n.Status.NodeInfo.KernelVersion = "5.15.153.1-microsoft-standard-WSL2" })
	leaving := node("n2", func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{{Key: "ToBeDeletedByClusterAutoscaler"}} })
	return []ruleCase{{
		id: "NP107", name: "a port of nobody", service: at(443), in: around(wide),
	}, {
		id: "NP107", name: "the port of the API server", service: at(6443), in: around(wide),
		want: []string{"warning spec.ports[0].nodePort: node port 6443 of port http is usually that of the API server on the nodes, whose traffic the service takes away"},
	}, {
		id: "NP406", name: "affinity on another kernel", service: sticky,
	}, {
		id: "NP406", name: "no affinity", service: service(), in: []any{pod(), wsl},
	}, {
		id: "NP406", name: "affinity on WSL 2", service: sticky, in: []any{pod(), wsl},
		want: []string{"warning spec.sessionAffinity: the nodes run the kernel of WSL 2, where session affinity stops kube-proxy's iptables mode from updating any service"},
	}, {
		id: "NP408", name: "nodes that stay", service: service(),
	}, {
		id: "NP408", name: "a node that goes", service: service(), in: around(leaving),
		want: []string{"info Node/n2: node n2 is about to be removed by the cluster autoscaler"},
	}}
}
