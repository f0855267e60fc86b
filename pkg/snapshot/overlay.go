package snapshot

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Overlay returns what a cluster becomes when manifests are applied to it:
// written takes the place of what live has by the same names, a workload
// together with its pods, a service together with its EndpointSlices. The
// services of live that give way are Replaced. Positions are those of written;
// the range is written's, if it has one. Neither argument is changed.
func Overlay(live, written *Snapshot) *Snapshot {
	joined := &Snapshot{
		Services:  merge("Service", live.Services, written.Services),
		Nodes:     merge("Node", live.Nodes, written.Nodes),
		Policies:  merge("NetworkPolicy", live.Policies, written.Policies),
		Workloads: slices.Concat(written.Workloads, kept(live.Workloads, written.hasWorkload)),
		NodePorts: written.NodePorts,
		Positions: written.Positions,
		Gaps:      slices.Concat(live.Gaps, written.Gaps),
	}
	if joined.NodePorts.Last == 0 {
		joined.NodePorts = live.NodePorts
	}
	pods := kept(live.Pods, func(pod *corev1.Pod) bool { return written.makes(live, pod) })
	joined.Pods = merge("Pod", pods, written.Pods)
	joined.Slices = slices.Clone(written.Slices)
	for _, slice := range live.Slices {
		if written.Service(slice.Namespace, serviceOf(slice)) == nil {
			joined.Slices = append(joined.Slices, slice)
		}
	}
	for _, service := range live.Services {
		if written.Service(service.Namespace, service.Name) != nil {
			joined.Replaced = append(joined.Replaced, service)
		}
	}
	joined.Replaced = merge("Service", written.Replaced, joined.Replaced)
	return joined
}

// merge returns the objects of both lists, those of over in place of others
// by the same name.
func merge[T metav1.Object](kind string, under, over []T) []T {
	names := make(map[Ref]bool, len(over))
	for _, object := range over {
		names[RefOf(kind, object)] = true
	}
	rest := kept(under, func(object T) bool { return names[RefOf(kind, object)] })
	return slices.Concat(over, rest)
}

// kept returns the elements that do not give way.
func kept[T any](list []T, givesWay func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), givesWay)
}

func (s *Snapshot) hasWorkload(w *Workload) bool {
	return s.Workload(w.Kind, w.Namespace, w.Name) != nil
}

// makes tells whether a pod of the live cluster belongs to a workload of s.
func (s *Snapshot) makes(live *Snapshot, pod *corev1.Pod) bool {
	owner, ok := live.OwnerOf(pod)
	return ok && s.Workload(owner.Kind, owner.Namespace, owner.Name) != nil
}
