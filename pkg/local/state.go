package local

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// settle makes the state anew from the manifests, has something stand for each
// pod, and lets the engine serve what came of it.
func (c *Cluster) settle() {
	if c.closed {
		return
	}
	s, _ := c.build(c.additions())
	c.standFor(s)
	c.refresh()
}

// refresh is settle without a change of the pods: only of who is ready.
func (c *Cluster) refresh() {
	if c.closed {
		return
	}
	s, set := c.build(c.additions())
	before := c.now.Load()
	after := &state{
		snapshot: s, table: c.tableOf(s), stands: maps.Clone(c.stands),
		objects: objectsOf(s, set, c.options.Namespace),
	}
	c.become(after)
	c.engine.Execute(after.table)
	c.tellChanges(before, after)
}

const (
	// Past states are for watches that continue where a list was read. They are
	// dropped beyond a number and a size.
	mostPast      = 100
	mostPastBytes = 16 << 20
)

// become makes a state the present one.
func (c *Cluster) become(after *state) {
	after.replaced = make(chan struct{})
	after.size = sizeOf(after.objects)
	before := c.now.Load()
	if before != nil {
		after.number = before.number + 1
	}
	c.past = recent(append(c.past, after))
	c.now.Store(after)
	if before != nil {
		close(before.replaced)
	}
}

// recent returns the last states that may be kept, the present one in any case.
func recent(states []*state) []*state {
	first, size := len(states)-1, 0
	for ; first > 0 && len(states)-first < mostPast; first-- {
		size += states[first-1].size
		if size > mostPastBytes {
			break
		}
	}
	return append([]*state(nil), states[first:]...) // the others are to be freed
}

// sizeOf returns about how much memory objects take, by what they are encoded.
func sizeOf(objects map[string][]object) int {
	size := 0
	for _, all := range objects {
		for _, o := range all {
			if sized, ok := o.(interface{ Size() int }); ok {
				size += sized.Size()
			}
		}
	}
	return size
}

// build returns the cluster that the manifests and some services beside them
// become, and the set that it is made of.
func (c *Cluster) build(added []*manifest.Object) (*snapshot.Snapshot, *manifest.Set) {
	nodes := localNodes(c.manifests, cmp.Or(c.options.Nodes, defaultNodes), c.loopbacks)
	set := localSet(c.manifests, nodes)
	set.Objects = append(set.Objects, added...)
	s, _ := set.Snapshot(manifest.Defaults{
		Namespace: c.options.Namespace, NodePorts: c.options.NodePorts, Ready: c.ready,
	})
	dropSpecialEndpoints(s.Slices)
	return s, set
}

// ready tells whether what stands for a pod is ready.
func (c *Cluster) ready(pod *corev1.Pod) bool {
	s := c.stands[snapshot.RefOf("Pod", pod)]
	return s != nil && s.ready()
}

// localSet is a set as it would be written for this machine: with its nodes,
// and without what a live cluster has noted about pods.
func localSet(set *manifest.Set, nodes []*corev1.Node) *manifest.Set {
	local := &manifest.Set{}
	for _, object := range set.Objects {
		switch o := object.Object.(type) {
		case *corev1.Node:
			continue
		case *corev1.Pod:
			object = withObject(object, notStarted(o))
		case *discoveryv1.EndpointSlice:
			if o.Labels[discoveryv1.LabelManagedBy] == controllerSlices {
				continue
			}
		}
		local.Objects = append(local.Objects, object)
	}
	for _, node := range nodes {
		local.Objects = append(local.Objects, &manifest.Object{
			Ref: snapshot.RefOf("Node", node), APIVersion: "v1", Object: node,
		})
	}
	return local
}

// controllerSlices is the label value of the slices that are made from pods.
const controllerSlices = "endpointslice-controller.k8s.io"

// dropSpecialEndpoints removes the endpoints of manifests that the API server
// refuses: they would lead to this machine, and perhaps to the run itself. The
// pods of a node's network do have its loopback address.
func dropSpecialEndpoints(of []*discoveryv1.EndpointSlice) {
	for _, slice := range of {
		if slice.AddressType != discoveryv1.AddressTypeFQDN && slice.Labels[discoveryv1.LabelManagedBy] != controllerSlices {
			slice.Endpoints = slices.DeleteFunc(slice.Endpoints, func(e discoveryv1.Endpoint) bool {
				return slices.ContainsFunc(e.Addresses, check.NoEndpoint)
			})
		}
	}
}

// notStarted is a pod before it has a status, unless it has ended.
func notStarted(pod *corev1.Pod) *corev1.Pod {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return pod
	}
	pod = pod.DeepCopy()
	pod.Status = corev1.PodStatus{}
	return pod
}

// tableOf is the table of a snapshot, with the loopback addresses that stand
// for cluster IPs where those are served.
func (c *Cluster) tableOf(s *snapshot.Snapshot) *route.Table {
	table := route.New(s)
	if !c.options.ClusterIPs {
		return table
	}
	taken := map[netip.Addr]bool{}
	for i := range table.Nodes {
		for _, address := range table.Nodes[i].Addresses {
			taken[address.IP] = true
		}
	}
	for i := range table.Services {
		service := &table.Services[i]
		service.ClusterIPs = slices.Clone(service.ClusterIPs)
		for j, ip := range service.ClusterIPs {
			service.ClusterIPs[j] = loopbackFor(ip, taken)
		}
	}
	return table
}

// loopbackFor is the loopback address that stands for a cluster IP: 127.3.11.5
// for 10.3.11.5, or the next one that is free. IPv6 has but one, which is a
// node's; its cluster IPs stay as they are.
func loopbackFor(ip netip.Addr, taken map[netip.Addr]bool) netip.Addr {
	if !ip.Is4() {
		return ip
	}
	bytes := ip.As4()
	bytes[0] = 127
	mapped := netip.AddrFrom4(bytes)
	for taken[mapped] || !mapped.IsLoopback() || isNodes(mapped) {
		mapped = mapped.Next()
		if !mapped.IsLoopback() {
			mapped = netip.AddrFrom4([4]byte{127, 0, 1, 0})
		}
	}
	taken[mapped] = true
	return mapped
}

// isNodes tells whether a loopback address may be that of a node.
func isNodes(ip netip.Addr) bool {
	bytes := ip.As4()
	return bytes[1] == 0 && bytes[2] == 0
}

// withObject is an object of a manifest with other contents, at its place in
// the file.
func withObject(object *manifest.Object, contents runtime.Object) *manifest.Object {
	copied := *object
	copied.Object = contents
	return &copied
}
