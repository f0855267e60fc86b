package local

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
)

const (
	defaultNodes = 3
	// mostNodes is how many nodes have an address of their own, 127.0.0.1 to
	// 127.0.0.254. The addresses of services begin at 127.0.1.0.
	mostNodes = 254
)

// loopbacks are the loopback addresses of a machine that can be listened on.
type loopbacks struct {
	// v4 is how many there are from 127.0.0.1 on: one on macOS, where others
	// have to be set up, many on Linux and Windows.
	v4 int
	v6 bool
}

func findLoopbacks() loopbacks {
	found := loopbacks{v4: 1, v6: canListen(netip.IPv6Loopback())}
	if canListen(nodeAddress(1)) {
		found.v4 = mostNodes
	}
	return found
}

// tooFew is the error of more nodes than there are addresses for.
func (l loopbacks) tooFew(nodes int) error {
	if l.v4 == 1 {
		return fmt.Errorf("there is one loopback address here, 127.0.0.1, and so one node, not %d; 127.0.0.2 and those after it make more", nodes)
	}
	return fmt.Errorf("there are at most %d nodes, at 127.0.0.1 to 127.0.0.%[1]d, not %d", l.v4, nodes)
}

func canListen(ip netip.Addr) bool {
	listener, err := net.Listen("tcp", netip.AddrPortFrom(ip, 0).String())
	if err != nil {
		return false
	}
	_ = listener.Close()
	return true
}

// nodeAddress is that of the i-th node, from 0 on.
func nodeAddress(i int) netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, byte(i + 1)}) }

// localNodes are the nodes of the manifests with addresses of this machine, or
// else count nodes node-1, node-2 …. Nodes that pods name are there, too. A
// node for which no address is left has none.
func localNodes(set *manifest.Set, count int, on loopbacks) []*corev1.Node {
	var nodes []*corev1.Node
	for _, object := range set.Objects {
		if node, ok := object.Object.(*corev1.Node); ok {
			nodes = append(nodes, node.DeepCopy())
		}
	}
	given := len(nodes) > 0
	for _, name := range namedNodes(set) {
		if !slices.ContainsFunc(nodes, func(n *corev1.Node) bool { return n.Name == name }) {
			nodes = append(nodes, newNode(name))
		}
	}
	for i := 1; !given && len(nodes) < min(count, on.v4); i++ {
		name := fmt.Sprintf("node-%d", i)
		if !slices.ContainsFunc(nodes, func(n *corev1.Node) bool { return n.Name == name }) {
			nodes = append(nodes, newNode(name))
		}
	}
	for i, node := range nodes {
		node.Status.Addresses = nil
		if i < on.v4 {
			node.Status.Addresses = addressesOf(node.Name, i, on.v6 && wantsIPv6(set))
		}
	}
	return nodes
}

// addressesOf are those of the i-th node. IPv6 has but one loopback address,
// which is the first node's.
func addressesOf(name string, i int, v6 bool) []corev1.NodeAddress {
	addresses := []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: nodeAddress(i).String()}}
	if i == 0 && v6 {
		addresses = append(addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: netip.IPv6Loopback().String()})
	}
	return append(addresses, corev1.NodeAddress{Type: corev1.NodeHostName, Address: name})
}

// wantsIPv6 tells whether a service asks for IPv6, or would take it.
func wantsIPv6(set *manifest.Set) bool {
	return slices.ContainsFunc(set.Objects, func(object *manifest.Object) bool {
		service, ok := object.Object.(*corev1.Service)
		if !ok {
			return false
		}
		policy := service.Spec.IPFamilyPolicy
		return slices.Contains(service.Spec.IPFamilies, corev1.IPv6Protocol) ||
			policy != nil && *policy != corev1.IPFamilyPolicySingleStack
	})
}

// namedNodes are those that pods name as theirs, sorted.
func namedNodes(set *manifest.Set) []string {
	var names []string
	for _, object := range set.Objects {
		if pod, ok := object.Object.(*corev1.Pod); ok && pod.Spec.NodeName != "" {
			names = append(names, pod.Spec.NodeName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func newNode(name string) *corev1.Node {
	return &corev1.Node{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
		ObjectMeta: metav1.ObjectMeta{
			Name:   name,
			Labels: map[string]string{corev1.LabelHostname: name},
		},
		Status: corev1.NodeStatus{
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
}
