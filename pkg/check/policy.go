package check

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func policyRules() []Rule {
	return []Rule{{
		ID: "NP401", Severity: Info, Title: "only some nodes answer", find: someNodesAnswer,
		Explanation: "With externalTrafficPolicy Local a node forwards only to pods that run on it, and drops traffic when it " +
			"has none: the client waits and times out. In return the pods see the client's address.",
	}, {
		ID: "NP402", Severity: Error, Title: "no node answers", find: noNodeAnswers,
		Explanation: "With externalTrafficPolicy Local an endpoint counts only on the node that its nodeName says. Without " +
			"one, or with one that is no node, every node drops the traffic.",
	}, {
		ID: "NP403", Severity: Warning, Title: "nodes that should answer are not ready", find: answeringNodesDown,
		Explanation: "With externalTrafficPolicy Local only nodes that run a pod of the service answer, and none of these is ready.",
	}, {
		ID: "NP404", Severity: Warning, Title: "node is not ready", find: nodesNotReady,
		Explanation: "A node that does not report to the API server may be down. Its address should not be used for a node " +
			"port until it is back.",
	}}
}

// placement is where the endpoints of a service are.
type placement struct {
	// nodes are sorted.
	nodes []string
	// nowhere counts endpoints that name no node.
	nowhere int
}

// placed returns where the endpoints are that can be used: the ready ones, or
// else those that are draining (k8s.io/kubernetes pkg/proxy/topology.go, CategorizeEndpoints).
func (x *subject) placed() placement {
	names, draining := x.podNodes()
	if selectorless(x) || len(x.backends) == 0 && !x.knowsPods() {
		names, draining = x.sliceNodes()
	}
	if len(names) == 0 {
		names = draining
	}
	var p placement
	for _, name := range names {
		if name == "" {
			p.nowhere++
		} else {
			p.nodes = append(p.nodes, name)
		}
	}
	slices.Sort(p.nodes)
	p.nodes = slices.Compact(p.nodes)
	return p
}

// podNodes skips pods that no node runs yet, as those of a manifest.
func (x *subject) podNodes() (ready, draining []string) {
	t := x.tally()
	if t.unknown {
		return nil, nil
	}
	for _, pod := range t.ready {
		if pod.Spec.NodeName != "" {
			ready = append(ready, pod.Spec.NodeName)
		}
	}
	for _, pod := range t.draining {
		if pod.Spec.NodeName != "" {
			draining = append(draining, pod.Spec.NodeName)
		}
	}
	return ready, draining
}

func (x *subject) sliceNodes() (ready, draining []string) {
	for _, slice := range x.slices() {
		for i := range slice.Endpoints {
			endpoint := &slice.Endpoints[i]
			conditions := endpoint.Conditions
			switch {
			case conditions.Ready == nil || *conditions.Ready:
				ready = append(ready, text(endpoint.NodeName))
			case yes(conditions.Serving) && yes(conditions.Terminating):
				draining = append(draining, text(endpoint.NodeName))
			}
		}
	}
	return ready, draining
}

func yes(b *bool) bool { return b != nil && *b }

func someNodesAnswer(x *subject) []Finding {
	p := x.placed()
	answering := slices.DeleteFunc(slices.Clone(p.nodes), func(name string) bool { return x.Node(name) == nil })
	if !local(x.service) || len(answering) == 0 || len(answering) >= len(x.Nodes) {
		return nil
	}
	return []Finding{{
		Field: "spec.externalTrafficPolicy",
		Message: fmt.Sprintf("of %s only %s: with externalTrafficPolicy Local the others have no pod and drop the traffic",
			count(len(x.Nodes), "node"), verb(len(answering), listText(plainAll(answering)), "answers", "answer")),
		Fix: "use the addresses of these nodes; or, to have all nodes answer: " + x.patchSpec("externalTrafficPolicy", corev1.ServiceExternalTrafficPolicyCluster),
	}}
}

func noNodeAnswers(x *subject) []Finding {
	p := x.placed()
	if !local(x.service) || len(p.nodes)+p.nowhere == 0 {
		return nil
	}
	fix := x.patchSpec("externalTrafficPolicy", corev1.ServiceExternalTrafficPolicyCluster)
	if len(p.nodes) == 0 {
		return []Finding{{
			Field:   "spec.externalTrafficPolicy",
			Message: "no endpoint has a nodeName, so with externalTrafficPolicy Local it is local to no node and all nodes drop the traffic",
			Fix:     "give each endpoint of the EndpointSlice its nodeName; or, where it runs on no node: " + fix,
		}}
	}
	known := func(name string) bool { return x.Node(name) != nil }
	if len(x.Nodes) == 0 || !x.Knows("nodes") || slices.ContainsFunc(p.nodes, known) {
		return nil
	}
	return []Finding{{
		Field: "spec.externalTrafficPolicy",
		Message: fmt.Sprintf("the endpoints are on %s, which the cluster does not have, so with externalTrafficPolicy Local all nodes drop the traffic",
			listText(plainAll(p.nodes))),
		Fix: fix,
	}}
}

func answeringNodesDown(x *subject) []Finding {
	p := x.placed()
	if !local(x.service) || len(p.nodes) == 0 {
		return nil
	}
	for _, name := range p.nodes {
		if _, down := x.index.notReady[name]; !down {
			return nil
		}
	}
	return []Finding{{
		Field: "spec.externalTrafficPolicy",
		Message: fmt.Sprintf("no node that has a pod is ready, and with externalTrafficPolicy Local no other answers: %s",
			verb(len(p.nodes), listText(plainAll(p.nodes)), "is not", "are not")),
		Fix:     "kubectl describe node " + plain(p.nodes[0]),
		Passing: true,
	}}
}

// nodesNotReady is about nodes, not about one service; of a service whose
// traffic is local it looks only at the nodes that matter to it.
func nodesNotReady(x *subject) []Finding {
	nodes := x.placed().nodes
	var findings []Finding
	for _, name := range x.index.unready {
		if local(x.service) && !slices.Contains(nodes, name) {
			continue
		}
		severity := Warning
		if len(x.index.unready) == len(x.Nodes) {
			severity = Error
		}
		findings = append(findings, Finding{
			Severity: severity,
			Object:   snapshot.Ref{Kind: "Node", Name: name},
			Message:  fmt.Sprintf("node %s is not ready (%s), so its address may not answer", plain(name), plain(x.index.notReady[name])),
			Fix:      "kubectl describe node " + plain(name),
			Passing:  true,
		})
	}
	return findings
}

// nodeTrouble tells why a node is not ready. Nodes without the condition, as
// in files, are taken to be.
func nodeTrouble(node *corev1.Node) (reason string, bad bool) {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status != corev1.ConditionTrue {
			if condition.Reason != "" {
				return condition.Reason, true
			}
			return "Ready is " + string(condition.Status), true
		}
	}
	return "", false
}

// verb puts the verb that agrees after names.
func verb(n int, names, does, do string) string {
	if n == 1 {
		return names + " " + does
	}
	return names + " " + do
}
