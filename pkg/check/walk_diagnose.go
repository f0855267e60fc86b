package check

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// cause is a row of a decision table with all hops of one port that it fits.
type cause struct {
	id         string
	confidence confidence
	nodes      []*NodeHop
	pods       []*PodHop
}

// diagnose tells what walks to the ports of a service mean.
func (c *checker) diagnose(service *corev1.Service, walks []Walk) []Finding {
	if len(walks) == 0 {
		return nil
	}
	x := newSubject(c, service)
	var findings []Finding
	for i := range walks {
		walk := &walks[i]
		for _, found := range walk.causes() {
			rule, _ := RuleOf(found.id)
			teller := &teller{subject: x, walk: walk, cause: found}
			finding := teller.finding()
			finding.Confidence = string(found.confidence)
			findings = append(findings, c.complete(finding, &rule, x))
		}
	}
	return findings
}

func walksByService(walks []Walk) map[snapshot.Ref][]Walk {
	by := map[snapshot.Ref][]Walk{}
	for _, walk := range walks {
		by[walk.Service] = append(by[walk.Service], walk)
	}
	return by
}

// causes are the first that a packet meets: pods behind nodes are looked at
// only where the nodes do not explain what is met there.
func (w *Walk) causes() []*cause {
	var causes []*cause
	place := func(id string, sure confidence) *cause {
		for _, c := range causes {
			if c.id == id && c.confidence == sure {
				return c
			}
		}
		causes = append(causes, &cause{id: id, confidence: sure})
		return causes[len(causes)-1]
	}
	for i := range w.Nodes {
		if row := rowOfNode(w.nodeSigns(&w.Nodes[i])); row.id != "" {
			c := place(row.id, row.confidence)
			c.nodes = append(c.nodes, &w.Nodes[i])
		}
		for _, id := range answerIDs(w.Port, &w.Nodes[i]) {
			c := place(id, certain)
			c.nodes = append(c.nodes, &w.Nodes[i])
		}
	}
	for i := range w.Pods {
		if row := rowOfPod(w.podSigns(&w.Pods[i])); row.id != "" {
			c := place(row.id, row.confidence)
			c.pods = append(c.pods, &w.Pods[i])
		}
	}
	return causes
}

func rowOfNode(s nodeSigns) nodeRow {
	for _, row := range nodeTable() {
		if row.fits(s) {
			return row
		}
	}
	return nodeRow{}
}

func rowOfPod(s podSigns) podRow {
	for _, row := range podTable() {
		if row.fits(s) {
			return row
		}
	}
	return podRow{}
}

func (w *Walk) nodeSigns(hop *NodeHop) nodeSigns {
	s := nodeSigns{
		expect:    expectationOf(hop),
		here:      signOf(hop.Here, hop.Address),
		api:       inside(hop.API),
		kubeProxy: signOfKubeProxy(hop.KubeProxy),
		pods:      w.worstPod(),
		first:     hop.First,
		sibling:   unknown,
		foreign:   w.Advice.Text != "",
		nowhere:   !slices.ContainsFunc(w.Nodes, reached),
		split:     w.split(),
		datagrams: w.Port.Protocol == "UDP",
	}
	for i := range w.Nodes {
		other := &w.Nodes[i]
		same := other != hop && other.Node == hop.Node && route.FamilyOf(other.Address.IP) == route.FamilyOf(hop.Address.IP)
		if same && (other.First || hop.First && s.sibling != answered) {
			s.sibling = signOf(other.Here, other.Address)
		}
	}
	return s
}

// reached tells whether a packet from here came as far as the node.
func reached(hop NodeHop) bool {
	switch signOf(hop.Here, hop.Address) {
	case silence, nodeLost, noRoute, unknown:
		return false
	}
	return true
}

// worstPod is what keeps pods from being reached, if something keeps any.
func (w *Walk) worstPod() sign {
	worst := unknown
	for i := range w.Pods {
		switch met := inside(w.Pods[i].API); met {
		case answered:
			if worst == unknown {
				worst = met
			}
		case unknown:
		default:
			return met
		}
	}
	return worst
}

func (w *Walk) podSigns(hop *PodHop) podSigns {
	s := podSigns{api: inside(hop.API), loopback: inside(hop.Loopback)}
	for i := range w.Nodes {
		node := &w.Nodes[i]
		if expectationOf(node) != toAnswer {
			continue
		}
		if node.Here.Outcome != probe.Connected && node.API.Outcome != probe.Connected {
			s.reached = false
			return s
		}
		s.reached = true
	}
	return s
}

// split tells whether the nodes that run pods answer and no other does, though
// there are both.
func (w *Walk) split() bool {
	with, without := false, false
	for i := range w.Nodes {
		hop := &w.Nodes[i]
		if expectationOf(hop) != toAnswer || !hop.First {
			continue
		}
		home := slices.ContainsFunc(w.Port.Endpoints, func(e route.Endpoint) bool { return e.Ready && e.Node == hop.Node })
		if home != (hop.Here.Outcome == probe.Connected) {
			return false
		}
		with, without = with || home, without || !home
	}
	return with && without
}

// answerIDs are the rules about what was heard on a connection.
func answerIDs(port *route.Port, hop *NodeHop) []string {
	answer := hop.Here.Answer
	if hop.Here.Outcome != probe.Connected || port.Protocol != "TCP" {
		return nil
	}
	switch {
	case answer.Kind == probe.Closed:
		return []string{"NP312"}
	case port.Scheme == "http" && answer.Kind == probe.TLS, port.Scheme == "https" && answer.Kind == probe.HTTP:
		return []string{"NP313"}
	case answer.Status >= 500:
		return []string{"NP318"}
	}
	return nil
}
