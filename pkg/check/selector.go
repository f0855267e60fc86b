package check

import (
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// NoPods is the rule that a selected workload has pods.
const NoPods = "NP202"

func selectorRules() []Rule {
	return []Rule{{
		ID: "NP201", Severity: Error, Title: "selector matches no pod", find: matchesNothing,
		Explanation: "A service forwards to the pods of its own namespace that carry all labels of its selector. When there " +
			"are none, nodes refuse the connection at once. What counts are the labels of the pods, so those in the " +
			"template of a Deployment, not those of the Deployment itself.",
	}, {
		ID: NoPods, Severity: Warning, Title: "workload has no pods", find: scaledToZero,
		Explanation: "The selector fits a workload, but there are no pods of it, so nodes refuse the connection.",
	}, {
		ID: "NP203", Severity: Warning, Title: "selector matches pods of different applications", find: tooBroad,
		Explanation: "Traffic is spread over all pods that the selector matches, so a request may reach the wrong " +
			"application. Several workloads behind one service are fine where they are versions of the same application.",
	}, {
		ID: "NP204", Severity: Warning, Title: "selector holds a label of one revision", find: volatileSelector,
		Explanation: "Controllers give the pods of each revision a hash as label. A service that selects it loses its pods " +
			"with the next rollout.",
	}, strangersRule()}
}

func matchesNothing(x *subject) []Finding {
	selector := x.service.Spec.Selector
	if len(selector) == 0 || len(x.backends) > 0 || x.onlyEnded() || len(invalidSelector(x)) > 0 {
		return nil
	}
	makers := x.unknownMakers()
	if !x.knowsPods() && len(makers) == 0 {
		return nil
	}
	finding := Finding{
		Field:   "spec.selector",
		Message: fmt.Sprintf("selector %s matches no pod in namespace %s", selectorText(selector), plain(x.ref.Namespace)),
		Fix: fmt.Sprintf("compare with the labels of the pods: kubectl get pods -n %s --show-labels",
			plain(x.ref.Namespace)),
	}
	near, ok := x.nearestMiss(selector)
	switch {
	case ok:
		finding.Message += ": " + near.why
		finding.Fix = near.fix
	case x.emptyNamespace() && x.live:
		finding.Message += ": there is none"
		finding.Fix = "create the pods that the service is for"
	case x.emptyNamespace():
		finding.Severity = Warning
		if x.partial {
			finding.Severity = Info
		}
		finding.Message += ": there is none yet"
		finding.Fix = ""
	}
	if len(makers) > 0 {
		finding.Severity = Info
		finding.Message += "; but " + listText(makers)
	}
	return []Finding{finding}
}

// emptyNamespace tells that neither pods nor workloads are seen where the
// service is, as when its manifest stands alone.
func (x *subject) emptyNamespace() bool { return !x.index.inhabited[x.ref.Namespace] }

// unknownMakers says what else in the namespace may make pods that are not
// seen: manifests of kinds whose operators are not known.
func (x *subject) unknownMakers() []string {
	var makers []string
	for _, gap := range x.Gaps {
		if gap.Resource == snapshot.UnknownPods && gap.Namespace == x.ref.Namespace {
			makers = append(makers, plainSentence(gap.Err))
		}
	}
	return makers
}

// knowsPods tells whether the pods of the service's namespace were read. When
// they were not, that none is seen means nothing.
func (x *subject) knowsPods() bool {
	for _, gap := range x.Gaps {
		if gap.Resource == "pods" && (gap.Namespace == "" || gap.Namespace == x.ref.Namespace) {
			return false
		}
	}
	return true
}

// scaledToZero leaves alone workloads of manifests that nobody expanded to
// pods: where there are no pods at all, that one has none means nothing.
func scaledToZero(x *subject) []Finding {
	if len(x.backends) == 0 || x.backends[0].pod != nil || !x.knowsPods() {
		return nil
	}
	var names []string
	zero := true
	for _, backend := range x.backends {
		workload := x.Workload(backend.ref.Kind, backend.ref.Namespace, backend.ref.Name)
		zero = zero && workload != nil && workload.Replicas == 0
		names = append(names, objectText(backend.ref))
	}
	first := x.backends[0].ref
	switch {
	case zero:
		return []Finding{{
			Object:  first,
			Message: fmt.Sprintf("%s, which the selector matches, %s scaled to 0 replicas", listText(names), areOrIs(len(names))),
			Fix:     fmt.Sprintf("kubectl scale %s/%s -n %s --replicas=1", lower(first.Kind), plain(first.Name), plain(first.Namespace)),
			Passing: true,
		}}
	case len(x.Pods) > 0:
		return []Finding{{
			Object:  first,
			Message: fmt.Sprintf("%s, which the selector matches, %s no pods yet", listText(names), haveOrHas(len(names))),
			Fix:     fmt.Sprintf("kubectl describe %s/%s -n %s", lower(first.Kind), plain(first.Name), plain(first.Namespace)),
			Passing: true,
		}}
	}
	return nil
}

// tooBroad compares one pod of each owner with one of the first: versions of
// the same application are alike.
func tooBroad(x *subject) []Finding {
	byOwner := map[snapshot.Ref]*backend{}
	for i := range x.backends {
		owner := x.backends[i].owner
		if byOwner[owner] == nil {
			byOwner[owner] = &x.backends[i]
		}
	}
	refs := slices.SortedFunc(maps.Keys(byOwner), compareRefs)
	for _, ref := range refs {
		first := byOwner[refs[0]]
		if why, alike := x.alike(first, byOwner[ref]); !alike {
			return []Finding{{
				Field: "spec.selector",
				Message: fmt.Sprintf("selector %s matches pods of different applications: %s and %s, %s",
					selectorText(x.service.Spec.Selector), objectText(refs[0]), objectText(ref), why),
				Fix: x.narrower(first, byOwner[ref]),
			}}
		}
	}
	return nil
}

// narrower is the fix that adds a label which tells two backends apart.
func (x *subject) narrower(one, other *backend) string {
	for _, key := range identityLabels() {
		if value := one.labels[key]; value != "" && value != other.labels[key] {
			labels := maps.Clone(x.service.Spec.Selector)
			labels[key] = value
			return x.patchSelector(labels)
		}
	}
	return "add a label to spec.selector that only one of them has"
}

func volatileSelector(x *subject) []Finding {
	var findings []Finding
	for _, key := range []string{
		appsv1.DefaultDeploymentUniqueLabelKey,
		appsv1.ControllerRevisionHashLabelKey,
		appsv1.DeprecatedTemplateGeneration,
	} {
		if _, set := x.service.Spec.Selector[key]; !set {
			continue
		}
		rest := maps.Clone(x.service.Spec.Selector)
		delete(rest, key)
		findings = append(findings, Finding{
			Field:   "spec.selector",
			Message: fmt.Sprintf("selector holds %s, which changes with the next rollout", key),
			Fix:     x.patchSelector(rest),
		})
	}
	return findings
}
