package snapshot

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Overlay returns the cluster that results when manifests are applied to a live
// one. The objects of written replace those of live with the same names, a
// workload together with its pods, a service together with its EndpointSlices.
// The services of live that are replaced are in Replaced. Positions are those
// of written; the node port range is that of written, if it has one. Neither
// argument is changed.
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

// merge returns the objects of both lists; those of over replace others with
// the same name.
func merge[T metav1.Object](kind string, under, over []T) []T {
	names := make(map[Ref]bool, len(over))
	for _, object := range over {
		names[RefOf(kind, object)] = true
	}
	rest := kept(under, func(object T) bool { return names[RefOf(kind, object)] })
	return slices.Concat(over, rest)
}

// kept returns the elements that are not replaced.
func kept[T any](list []T, replaced func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), replaced)
}

func (s *Snapshot) hasWorkload(w *Workload) bool {
	return s.Workload(w.Kind, w.Namespace, w.Name) != nil
}

// makes reports whether a pod of the live cluster belongs to a workload of s.
func (s *Snapshot) makes(live *Snapshot, pod *corev1.Pod) bool {
	owner, ok := live.OwnerOf(pod)
	return ok && s.Workload(owner.Kind, owner.Namespace, owner.Name) != nil
}
