package check

import (
	"net/netip"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/platform"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Walk is what was met on the way of a packet to one port of a service. It is
// plain data: whoever asked the network has filled it in.
type Walk struct {
	Service snapshot.Ref
	Port    *route.Port
	Nodes   []NodeHop
	Pods    []PodHop
	// MoreNodes and MorePods count what was not tried because there is so much.
	MoreNodes, MorePods int
	// Advice is what the platform says of reaching its nodes from here.
	Advice platform.Advice
	// Firewall is what the platform says has to be let through.
	Firewall string
}

// NodeHop is the node port at one address of a node.
type NodeHop struct {
	Node    string
	Address route.Address
	// First tells the node's first address of its family.
	First bool
	// Problem is why the node may not answer at all, such as "NotReady".
	Problem string
	// Expect is what the route table says a packet meets there.
	Expect route.Verdict
	// Here is what this machine met, API what the API server did, and
	// KubeProxy what the node's kube-proxy says of itself.
	Here, API, KubeProxy probe.Result
}

// PodHop is the target port at one endpoint.
type PodHop struct {
	Pod, Node string
	Address   netip.AddrPort
	// API is what the API server met at the pod's address, and Loopback what
	// the node did inside of the pod.
	API, Loopback probe.Result
	// Elsewhere is another port that the pod declares and that answers at its
	// address; 0 for none.
	Elsewhere uint16
}
