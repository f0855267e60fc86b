package check

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// ownerOf returns the workload that a pod belongs to, the pod itself when it
// has none. Where the snapshot holds no ReplicaSets, the Deployment is told by
// the name that its controller gives them: its own and the hash of the template
// (k8s.io/kubernetes pkg/controller/deployment/sync.go, getNewReplicaSet).
func (c *checker) ownerOf(pod *corev1.Pod) snapshot.Ref {
	owner, ok := c.OwnerOf(pod)
	if !ok {
		return snapshot.RefOf("Pod", pod)
	}
	hash := pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	if owner.Kind == "ReplicaSet" && hash != "" && c.Workload(owner.Kind, owner.Namespace, owner.Name) == nil {
		if name, cut := strings.CutSuffix(owner.Name, "-"+hash); cut {
			return snapshot.Ref{Kind: "Deployment", Namespace: owner.Namespace, Name: name}
		}
	}
	return owner
}

// topOf returns the workload that made a workload, and so on to the first. The
// chain is short in every cluster, but files can say anything.
func (c *checker) topOf(ref snapshot.Ref) snapshot.Ref {
	const longest = 8
	for range longest {
		workload := c.Workload(ref.Kind, ref.Namespace, ref.Name)
		if workload == nil || workload.Controller == nil {
			return ref
		}
		ref = snapshot.Ref{Kind: workload.Controller.Kind, Namespace: ref.Namespace, Name: workload.Controller.Name}
	}
	return ref
}

// Strangers returns the workloads, and bare pods, that a selector matches
// besides the one that it was made for: source, a pod or a workload, in whose
// namespace it is applied. They are sorted.
func Strangers(s *snapshot.Snapshot, selector map[string]string, source snapshot.Ref) []snapshot.Ref {
	c := newChecker(s)
	own := c.topOf(source)
	if pod := s.Pod(source.Namespace, source.Name); source.Kind == "Pod" && pod != nil {
		own = c.ownerOf(pod)
	}
	var strangers []snapshot.Ref
	for _, owner := range owners(c.backendsOf(source.Namespace, selector)) {
		if owner != own {
			strangers = append(strangers, owner)
		}
	}
	return strangers
}

// owners returns the distinct owners of backends, sorted.
func owners(backends []backend) []snapshot.Ref {
	var refs []snapshot.Ref
	for i := range backends {
		refs = append(refs, backends[i].owner)
	}
	slices.SortFunc(refs, compareRefs)
	return slices.Compact(refs)
}

func compareRefs(a, b snapshot.Ref) int { return strings.Compare(a.String(), b.String()) }
