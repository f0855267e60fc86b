package check

import (
	"errors"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func policyCases() []ruleCase {
	onNode := func(name string) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Spec.NodeName = name } }
	here := service(localTraffic)
	manual := service(localTraffic, func(s *corev1.Service) { s.Spec.Selector = nil })
	homeless := slice(func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].NodeName = nil })
	const others = ": with externalTrafficPolicy Local the others have no pod and drop the traffic"
	const info = "info spec.externalTrafficPolicy: of "
	return []ruleCase{{
		id: "NP401", name: "traffic goes to all nodes", service: service(), in: around(node("n2")),
	}, {
		id: "NP401", name: "every node has a pod", service: here, in: around(node("n2"), second(onNode("n2"))),
	}, {
		id: "NP401", name: "one of three nodes has a pod", service: here, in: around(node("n2"), node("n3")),
		want: []string{info + "3 nodes only n1 answers" + others},
		fix:  `use the addresses of these nodes; or, to have all nodes answer: set spec.externalTrafficPolicy to "Cluster"`,
	}, {
		id: "NP401", name: "two of three nodes have one", service: here, in: around(node("n2"), node("n3"), second(onNode("n2"))),
		want: []string{info + "3 nodes only n1 and n2 answer" + others},
	}, {
		id: "NP401", name: "a pod that is not ready does not count", service: here, in: around(node("n2"), second(onNode("n2"), notReady)),
		want: []string{info + "2 nodes only n1 answers" + others},
	}, {
		id: "NP401", name: "pods that are being deleted count when there are no others", service: here,
		in:   []any{node("n1"), node("n2"), pod(deleted)},
		want: []string{info + "2 nodes only n1 answers" + others},
	}, {
		id: "NP401", name: "pods that cannot be read are known by their slices", service: here,
		in:   []any{node("n1"), node("n2"), slice(), snapshot.Gap{Resource: "pods", Err: errors.New("forbidden")}},
		want: []string{info + "2 nodes only n1 answers" + others},
	}, {
		id: "NP401", name: "no pod is ready, which is another matter", service: here, in: []any{node("n1"), pod(notReady)},
	}, {
		id: "NP402", name: "the endpoints have a node", service: manual, in: []any{node("n1"), slice()},
	}, {
		id: "NP402", name: "the endpoints have no node", service: manual, in: []any{node("n1"), homeless},
		want: []string{"error spec.externalTrafficPolicy: no endpoint has a nodeName, so with externalTrafficPolicy Local it is local to no node " +
			"and all nodes drop the traffic"},
	}, {
		id: "NP402", name: "which is no matter when traffic goes anywhere", service: selecting(nil), in: []any{node("n1"), homeless},
	}, {
		id: "NP402", name: "the endpoints have a node that is none", service: manual, in: []any{node("n2"), slice()},
		want: []string{"error spec.externalTrafficPolicy: the endpoints are on n1, which the cluster does not have, so with " +
			"externalTrafficPolicy Local all nodes drop the traffic"},
	}, {
		id: "NP402", name: "the nodes could not be read", service: manual,
		in: []any{slice(), snapshot.Gap{Resource: "nodes", Err: errors.New("forbidden")}},
	}, {
		id: "NP403", name: "one of the nodes with pods is ready", service: here, in: []any{node("n1", down), node("n2"), pod(), second(onNode("n2"))},
	}, {
		id: "NP403", name: "the only node with a pod is down", service: here, in: []any{node("n1", down), node("n2"), pod()},
		want: []string{"warning spec.externalTrafficPolicy: no node that has a pod is ready, and with externalTrafficPolicy Local no other " +
			"answers: n1 is not"},
	}, {
		id: "NP404", name: "all nodes are ready", service: service(), in: around(node("n2")),
	}, {
		id: "NP404", name: "a cordoned node is ready", service: service(),
		in: around(node("n2", func(n *corev1.Node) { n.Spec.Unschedulable = true })),
	}, {
		id: "NP404", name: "a node is down", service: service(), in: around(node("n2", down)),
		want: []string{"warning Node/n2: node n2 is not ready (NodeStatusUnknown), so its address may not answer"},
		fix:  "kubectl describe node n2",
	}, {
		id: "NP404", name: "a node is down that local traffic does not need", service: here, in: around(node("n2", down)),
	}}
}
