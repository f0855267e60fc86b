package check

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/spelling"
)

// miss is what a selector that matches nothing may have meant.
type miss struct {
	// why ends the sentence "selector … matches no pod in namespace …: ".
	why string
	fix string
}

// nearestMiss looks for what explains best that a selector matches nothing:
// the labels of a workload instead of its pods, a label that is off by little,
// pods in another namespace. ok is false when nothing comes near.
func (x *subject) nearestMiss(selector map[string]string) (near miss, ok bool) {
	for _, look := range []func(map[string]string) (miss, bool){
		x.missByObject, x.missByOneLabel, x.missByNamespace,
	} {
		if near, ok = look(selector); ok {
			return near, true
		}
	}
	return miss{}, false
}

// missByObject finds a workload that carries the labels itself, or selects
// them, while its pods do not.
func (x *subject) missByObject(selector map[string]string) (miss, bool) {
	matcher := labels.SelectorFromSet(selector)
	for _, key := range sortedKeys(selector) {
		for _, workload := range firstOf(x.similar().objects[label{x.ref.Namespace, key, selector[key]}]) {
			if matcher.Matches(labels.Set(workload.Labels)) {
				return miss{
					why: fmt.Sprintf("%s has these labels itself, but its pods have %s",
						objectText(workload.Ref), selectorText(workload.Template.Labels)),
					fix: x.patchSelector(ownLabels(workload)),
				}, true
			}
			if workload.Selector != nil && matcher.Matches(labels.Set(workload.Selector.MatchLabels)) {
				return miss{
					why: fmt.Sprintf("%s selects the same labels, but its template gives its pods %s",
						objectText(workload.Ref), selectorText(workload.Template.Labels)),
					fix: fmt.Sprintf("give the template of %s the labels %s", objectText(workload.Ref), selectorText(selector)),
				}, true
			}
		}
	}
	return miss{}, false
}

// missByNamespace finds pods in another namespace that the selector matches.
func (x *subject) missByNamespace(selector map[string]string) (miss, bool) {
	keys := sortedKeys(selector)
	shortest := slices.MinFunc(keys, func(a, b string) int {
		index := x.similar().anywhere
		return len(index[[2]string{a, selector[a]}]) - len(index[[2]string{b, selector[b]}])
	})
	matcher := labels.SelectorFromSet(selector)
	for _, kin := range firstOf(x.similar().anywhere[[2]string{shortest, selector[shortest]}]) {
		if matcher.Matches(labels.Set(kin.labels)) {
			return miss{
				why: fmt.Sprintf("%s with these labels is in namespace %s, and a service selects only pods of its own",
					objectText(kin.ref), plain(kin.ref.Namespace)),
				fix: "create the service in namespace " + plain(kin.ref.Namespace),
			}, true
		}
	}
	return miss{}, false
}

// missByOneLabel finds pods that lack only one label of the selector, and have
// one that looks like it: the best of them.
func (x *subject) missByOneLabel(selector map[string]string) (miss, bool) {
	var best slip
	for kin := range x.candidates(selector) {
		if slip, ok := compare(selector, kin); ok && (best.kin == nil || slip.distance < best.distance) {
			best = slip
		}
	}
	if best.kin == nil {
		return miss{}, false
	}
	return miss{why: best.String(), fix: x.patchSelector(best.corrected(selector))}, true
}

// ownLabels are the labels by which a workload tells its pods from others.
func ownLabels(workload *snapshot.Workload) map[string]string {
	if workload.Selector != nil && len(workload.Selector.MatchLabels) > 0 {
		return workload.Selector.MatchLabels
	}
	return workload.Template.Labels
}

// candidates runs over pods that carry most labels of the selector, or one that
// is spelled like one of them; some of them come more than once.
func (x *subject) candidates(selector map[string]string) iter.Seq[*kin] {
	s, namespace := x.similar(), x.ref.Namespace
	return func(yield func(*kin) bool) {
		for kin := range s.rarest(namespace, selector) {
			if !yield(kin) {
				return
			}
		}
		for _, at := range s.spelledLike(namespace, selector) {
			for _, kin := range firstOf(s.pairs[at]) {
				if !yield(kin) {
					return
				}
			}
		}
	}
}

// slip is the one label in which pods differ from a selector.
type slip struct {
	kin *kin
	// key and value are those of the selector; the pods have otherKey and
	// otherValue in their place, or nothing when otherKey is empty.
	key, value           string
	otherKey, otherValue string
	distance             int
}

// compare returns how pods miss a selector. ok is false when more than one
// label is missing, or when the only one of the selector is missing and nothing
// of the pods resembles it.
func compare(selector map[string]string, kin *kin) (found slip, ok bool) {
	for key, value := range selector {
		if other, has := kin.labels[key]; has && other == value {
			continue
		}
		if ok {
			return slip{}, false
		}
		found, ok = slip{kin: kin, key: key, value: value, distance: spelling.Far}, true
	}
	if !ok {
		return slip{}, false
	}
	found.findOther(selector)
	return found, found.otherKey != "" || len(selector) > 1
}

// findOther looks for the label of the pods that was meant: the same key with
// another value, or the same value under another key.
func (s *slip) findOther(selector map[string]string) {
	if other, has := s.kin.labels[s.key]; has && (len(selector) > 1 || slipped(s.value, other)) {
		s.otherKey, s.otherValue, s.distance = s.key, other, spelling.Distance(s.value, other)
	}
	for key, value := range s.kin.labels {
		if _, selected := selector[key]; selected || value != s.value {
			continue
		}
		gap := spelling.Distance(s.key, key)
		if !slipped(s.key, key) {
			if !slices.Contains(identityLabels(), key) {
				continue
			}
			gap = spelling.Far - 1
		}
		if gap < s.distance || gap == s.distance && key < s.otherKey {
			s.otherKey, s.otherValue, s.distance = key, value, gap
		}
	}
}

// String ends the sentence of a finding.
func (s slip) String() string {
	if s.otherKey == "" {
		return fmt.Sprintf("%s has all of it but %s", objectText(s.kin.ref), pairText(s.key, s.value))
	}
	return fmt.Sprintf("%s has %s instead of %s", objectText(s.kin.ref),
		pairText(s.otherKey, s.otherValue), pairText(s.key, s.value))
}

func (s slip) corrected(selector map[string]string) map[string]string {
	corrected := maps.Clone(selector)
	delete(corrected, s.key)
	if s.otherKey != "" {
		corrected[s.otherKey] = s.otherValue
	}
	return corrected
}
