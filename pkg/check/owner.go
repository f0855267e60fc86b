package check

import (
	"fmt"
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

func strangers(x *subject, source snapshot.Ref) []Finding {
	own := x.topOf(source)
	if pod := x.Pod(source.Namespace, source.Name); source.Kind == "Pod" && pod != nil {
		own = x.ownerOf(pod)
	}
	others := slices.DeleteFunc(owners(x.backends), func(owner snapshot.Ref) bool { return owner == own })
	if len(others) == 0 || len(tooBroad(x)) > 0 {
		return nil
	}
	var names []string
	for _, stranger := range others {
		names = append(names, objectText(stranger))
	}
	rule := strangersRule()
	return []Finding{x.complete(Finding{
		Field: "spec.selector",
		Message: fmt.Sprintf("selector %s also matches pods of %s, besides those of %s",
			selectorText(x.service.Spec.Selector), listText(names), objectText(own)),
		Fix: "add a label to the selector that only the pods of " + objectText(own) + " have, unless both are meant",
	}, &rule, x)}
}

// strangersRule needs to know what a service was made for, so it finds nothing
// in a service alone.
func strangersRule() Rule {
	return Rule{
		ID: "NP205", Severity: Warning, Title: "selector also matches pods of others",
		Explanation: "A service made for one workload or pod selects by labels, and other pods may carry the same ones. They " +
			"get their share of the traffic.",
		find: func(*subject) []Finding { return nil },
	}
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
