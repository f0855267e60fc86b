package check

import "slices"

// confidence is how sure a row of a decision table is of its cause.
type confidence string

const (
	certain  confidence = "high"
	likely   confidence = "medium"
	possible confidence = "low"
)

// nodeSigns are what is known of a hop when its row is looked up.
type nodeSigns struct {
	expect               expectation
	here, api, kubeProxy sign
	// pods are what the API server met at the pods behind the port: the worst
	// of them, and unknown when it could not try.
	pods sign
	// first is that the address is the node's first, and sibling what the first
	// one answered otherwise; of the first one it is what another answered.
	first   bool
	sibling sign
	// nowhere is that no node at all was reached from here.
	nowhere bool
	// foreign is that the platform's nodes are not known to be reached from here.
	foreign bool
	// split is that exactly the nodes with pods answer.
	split bool
	// datagrams is that the port is one of UDP, where an application that does
	// not listen is refused by ICMP as well.
	datagrams bool
}

// nodeRow says what is wrong with hops of some signs. An empty list fits all,
// as does a nil choice.
type nodeRow struct {
	expect               []expectation
	here, api, kubeProxy []sign
	pods                 []sign
	other                func(nodeSigns) bool
	// id is the rule of the finding; empty where there is nothing to say.
	id         string
	confidence confidence
}

func (r *nodeRow) fits(s nodeSigns) bool {
	return fits(r.expect, s.expect) && fits(r.here, s.here) && fits(r.api, s.api) && fits(r.kubeProxy, s.kubeProxy) &&
		fits(r.pods, s.pods) && (r.other == nil || r.other(s))
}

func fits[T comparable](list []T, value T) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

// nodeTable is the decision table of node ports. The first row that fits a hop
// holds. A failure that a later hop explains is not told twice: what pods
// refuse, their nodes refuse too.
func nodeTable() []nodeRow {
	type signs = []sign
	lost := signs{silence, noRoute, nodeLost}
	return []nodeRow{
		{here: signs{unknown}},
		{expect: []expectation{toRefuse, toDrop}, here: signs{answered, slow}, id: "NP314", confidence: certain},
		{expect: []expectation{toRefuse, toDrop}},
		{expect: []expectation{toBeDown}, here: signs{answered}},
		{here: signs{slow}, id: "NP311", confidence: certain},
		{here: signs{answered}},
		{expect: []expectation{toBeDown}},
		{here: signs{reset}, pods: signs{reset}},
		{here: signs{silence, podLost}, api: signs{silence, noRoute, unknown}, pods: signs{silence, noRoute}},
		{here: signs{prohibited}, id: "NP303", confidence: certain},
		{here: signs{noEndpoint}, other: func(s nodeSigns) bool { return s.datagrams }, id: "NP315", confidence: likely},
		{here: signs{noEndpoint}, id: "NP315", confidence: certain},
		{here: signs{podLost}, id: "NP317", confidence: certain},
		{here: signs{noRoute}, id: "NP309", confidence: certain},
		{here: signs{reset}, other: anotherAnswers, id: "NP310", confidence: likely},
		{here: signs{silence, nodeLost}, other: alsoAnswers, id: "NP310", confidence: likely},
		{here: signs{silence, nodeLost}, other: awayFromHome, id: "NP309", confidence: likely},
		{here: signs{nodeLost}, id: "NP305", confidence: certain},
		{here: signs{reset}, api: signs{answered}, id: "NP303", confidence: likely},
		{here: signs{reset}, kubeProxy: signs{reset, unwell}, id: "NP304", confidence: certain},
		{here: signs{reset}, id: "NP304", confidence: likely},
		{here: signs{silence}, api: signs{answered}, id: "NP302", confidence: certain},
		{here: signs{silence}, api: lost, kubeProxy: lost, id: "NP305", confidence: likely},
		{here: signs{silence}, api: lost, other: func(s nodeSigns) bool { return s.split }, id: "NP316", confidence: likely},
		{here: signs{silence}, id: "NP301", confidence: possible},
	}
}

func anotherAnswers(s nodeSigns) bool { return s.sibling == answered || s.sibling == slow }

// alsoAnswers is for what is dropped: an external address may be the first one,
// and a firewall before it be meant to drop.
func alsoAnswers(s nodeSigns) bool { return !s.first && anotherAnswers(s) }

func awayFromHome(s nodeSigns) bool { return s.nowhere && s.foreign }

// podSigns are what is known of a pod when its row is looked up.
type podSigns struct {
	api, loopback sign
	// reached is that all nodes that lead to pods were reached from here.
	reached bool
}

// podRow is to a pod what nodeRow is to a node port.
type podRow struct {
	api, loopback []sign
	other         func(podSigns) bool
	id            string
	confidence    confidence
}

func (r *podRow) fits(s podSigns) bool {
	return fits(r.api, s.api) && fits(r.loopback, s.loopback) && (r.other == nil || r.other(s))
}

// podTable is the decision table of pods. Where nodes lead to the pods and the
// API server alone has no way to them, nothing is wrong.
func podTable() []podRow {
	type signs = []sign
	return []podRow{
		{api: signs{answered, unknown}},
		{api: signs{reset}, loopback: signs{answered}, id: "NP306", confidence: certain},
		{api: signs{reset}, loopback: signs{reset}, id: "NP307", confidence: certain},
		{api: signs{reset}, id: "NP307", confidence: likely},
		{other: func(s podSigns) bool { return s.reached }},
		{loopback: signs{reset}, id: "NP307", confidence: certain},
		{loopback: signs{answered}, id: "NP308", confidence: likely},
		{id: "NP308", confidence: possible},
	}
}
