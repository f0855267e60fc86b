package render

import (
	"math"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
)

// hopsObject is what the network answered at a port.
type hopsObject struct {
	Nodes []nodeHopObject `json:"nodes"`
	Pods  []podHopObject  `json:"pods"`
	// NodesNotTried and PodsNotTried count what was left out of many.
	NodesNotTried int `json:"nodesNotTried,omitempty"`
	PodsNotTried  int `json:"podsNotTried,omitempty"`
}

type nodeHopObject struct {
	Node        string         `json:"node"`
	Address     string         `json:"address"`
	AddressType string         `json:"addressType,omitempty"`
	Expected    string         `json:"expected"`
	Reason      string         `json:"reason,omitempty"`
	FromHere    *outcomeObject `json:"fromHere,omitempty"`
	FromAPI     *outcomeObject `json:"fromAPI,omitempty"`
	KubeProxy   *outcomeObject `json:"kubeProxy,omitempty"`
}

type podHopObject struct {
	Pod       string         `json:"pod"`
	Node      string         `json:"node,omitempty"`
	Address   string         `json:"address"`
	FromAPI   *outcomeObject `json:"fromAPI,omitempty"`
	Loopback  *outcomeObject `json:"loopback,omitempty"`
	Elsewhere uint16         `json:"otherPort,omitempty"`
}

type outcomeObject struct {
	Outcome  string  `json:"outcome"`
	Seconds  float64 `json:"seconds"`
	ICMPType *uint8  `json:"icmpType,omitempty"`
	ICMPCode *uint8  `json:"icmpCode,omitempty"`
	Offender string  `json:"offender,omitempty"`
	Answer   string  `json:"answer,omitempty"`
	Status   int     `json:"status,omitempty"`
	Text     string  `json:"text,omitempty"`
	Error    string  `json:"error,omitempty"`
}

// newHopsObject returns nil for a port at which the network was not asked.
func newHopsObject(walk *check.Walk) *hopsObject {
	if walk == nil {
		return nil
	}
	object := &hopsObject{
		Nodes: []nodeHopObject{}, Pods: []podHopObject{}, NodesNotTried: walk.MoreNodes, PodsNotTried: walk.MorePods,
	}
	for i := range walk.Nodes {
		hop := &walk.Nodes[i]
		node := nodeHopObject{
			Node: hop.Node, Address: hop.Address.HostPort(walk.Port.NodePort), AddressType: hop.Address.Type,
			Expected: hop.Expect.Action.String(), Reason: hop.Expect.Reason,
			FromHere: newOutcomeObject(hop.Here), FromAPI: newOutcomeObject(hop.API), KubeProxy: newOutcomeObject(hop.KubeProxy),
		}
		if hop.Problem != "" {
			node.Expected, node.Reason = "down", hop.Problem
		}
		object.Nodes = append(object.Nodes, node)
	}
	for i := range walk.Pods {
		hop := &walk.Pods[i]
		object.Pods = append(object.Pods, podHopObject{
			Pod: hop.Pod, Node: hop.Node, Address: hop.Address.String(),
			FromAPI: newOutcomeObject(hop.API), Loopback: newOutcomeObject(hop.Loopback), Elsewhere: hop.Elsewhere,
		})
	}
	return object
}

// newOutcomeObject returns nil for what was not tried.
func newOutcomeObject(r probe.Result) *outcomeObject {
	if r.Outcome == probe.Untried {
		return nil
	}
	object := &outcomeObject{
		Outcome: r.Outcome.String(), Seconds: math.Round(r.Took.Seconds()*1e4) / 1e4,
		Status: r.Answer.Status, Text: r.Answer.Text, Error: r.Error,
	}
	if r.Outcome == probe.Connected {
		object.Answer = r.Answer.Kind.String()
	}
	if r.Outcome == probe.Unreachable {
		object.ICMPType, object.ICMPCode = &r.ICMP.Type, &r.ICMP.Code
		if r.ICMP.Offender.IsValid() {
			object.Offender = r.ICMP.Offender.String()
		}
	}
	return object
}
