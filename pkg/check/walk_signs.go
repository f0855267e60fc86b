package check

import (
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// sign is what was met at a hop, as far as the decision tables tell it apart.
type sign string

const (
	// unknown is a hop that was not tried, or told nothing.
	unknown sign = "unknown"
	// answered is a connection.
	answered sign = "answers"
	// slow is one that took so long that its first packet was sent again.
	slow sign = "slow"
	// reset is a TCP reset: something is there, and nothing listens.
	reset sign = "reset"
	// noEndpoint is the ICMP port unreachable of kube-proxy.
	noEndpoint sign = "no endpoint"
	// prohibited is the ICMP of a firewall.
	prohibited sign = "prohibited"
	// podLost is the ICMP host unreachable of the node itself, about the pod.
	podLost sign = "pod lost"
	// nodeLost is that of this machine or a router, about the node.
	nodeLost sign = "node lost"
	// noRoute means that there is no way to the address.
	noRoute sign = "no route"
	// silence is no answer in time.
	silence sign = "silence"
	// unwell is a kube-proxy that answers that it is not healthy.
	unwell sign = "unwell"
)

// retried is about when a client sends a lost SYN again: after one second
// (RFC 6298, 2).
const retried = 900 * time.Millisecond

// signOf reads a result; at is the address that was tried.
func signOf(r probe.Result, at route.Address) sign {
	switch r.Outcome {
	case probe.Connected:
		if r.Took >= retried {
			return slow
		}
		return answered
	case probe.Refused:
		return reset
	case probe.Unreachable:
		return signOfICMP(r.ICMP, at)
	case probe.NoRoute:
		return noRoute
	case probe.TimedOut:
		return silence
	}
	return unknown
}

// signOfICMP tells the codes of ICMP destination unreachable apart (RFC 792,
// RFC 1812 5.2.7.1, RFC 4443 3.1).
func signOfICMP(icmp probe.ICMP, at route.Address) sign {
	type code struct{ kind, code uint8 }
	signs := map[code]sign{
		{3, 3}: noEndpoint, {1, 4}: noEndpoint,
		{3, 9}: prohibited, {3, 10}: prohibited, {3, 13}: prohibited, {1, 1}: prohibited, {1, 5}: prohibited, {1, 6}: prohibited,
		{3, 0}: noRoute, {3, 6}: noRoute, {1, 0}: noRoute,
		{3, 1}: nodeLost, {1, 3}: nodeLost,
	}
	met, ok := signs[code{icmp.Type, icmp.Code}]
	switch {
	case !ok:
		return noRoute
	case met == nodeLost && icmp.Offender == at.IP:
		return podLost
	}
	return met
}

// signOfKubeProxy reads what a kube-proxy says of itself.
func signOfKubeProxy(r probe.Result) sign {
	met := signOf(r, route.Address{})
	if met == answered || met == slow {
		if r.Answer.Status != 200 {
			return unwell
		}
		return answered
	}
	return met
}

// inside reads a result from a standpoint whose clock is not that of the hop.
func inside(r probe.Result) sign {
	if r.Outcome == probe.Connected {
		return answered
	}
	return signOf(r, route.Address{})
}

// expectation is what the route table says of a hop, in a word.
type expectation string

const (
	toAnswer expectation = "answers"
	toRefuse expectation = "refuses"
	toDrop   expectation = "drops"
	toBeDown expectation = "down"
)

func expectationOf(hop *NodeHop) expectation {
	switch {
	case hop.Problem != "":
		return toBeDown
	case hop.Expect.Action == route.Refuse, hop.Expect.Action == route.Closed:
		return toRefuse
	case hop.Expect.Action == route.Drop:
		return toDrop
	}
	return toAnswer
}
