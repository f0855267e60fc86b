package check

import (
	"iter"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// similar finds what a selector that matches nothing may have meant. Only one
// pod of each workload counts, so that it stays small.
type similar struct {
	pairs map[label][]*kin
	// values and keys hold each once, in the order of the pods.
	values map[keyAt][]string
	keys   map[valueAt][]string
	// anywhere finds pods by a label in all namespaces.
	anywhere map[[2]string][]*kin
	// objects finds workloads by the labels of the workload itself and by
	// those that its selector names.
	objects map[label][]*snapshot.Workload
}

// kin are the pods of one workload, or a bare pod.
type kin struct {
	ref    snapshot.Ref
	labels map[string]string
}

type keyAt struct{ namespace, key string }

type valueAt struct{ namespace, value string }

// How much is looked at for one selector, so that thousands of wrong ones in a
// cluster of thousands of workloads cost no more than their number: most is
// the length of any list, mostLabels the number of labels that resemble its own.
const (
	most       = 200
	mostLabels = 20
)

func (c *checker) similar() *similar {
	if c.index.similar == nil {
		c.index.similar = c.newSimilar()
	}
	return c.index.similar
}

func (c *checker) newSimilar() *similar {
	s := &similar{
		pairs:    map[label][]*kin{},
		values:   map[keyAt][]string{},
		keys:     map[valueAt][]string{},
		anywhere: map[[2]string][]*kin{},
		objects:  map[label][]*snapshot.Workload{},
	}
	seen := map[snapshot.Ref]bool{}
	for _, pod := range c.Pods {
		if owner := c.ownerOf(pod); !seen[owner] {
			seen[owner] = true
			s.add(&kin{owner, pod.Labels})
		}
	}
	for _, workload := range c.Workloads {
		if workload.Controller == nil && !seen[workload.Ref] {
			s.add(&kin{workload.Ref, workload.Template.Labels})
		}
		if workload.Controller == nil {
			s.addObject(workload)
		}
	}
	return s
}

func (s *similar) add(k *kin) {
	for _, key := range sortedKeys(k.labels) {
		value, namespace := k.labels[key], k.ref.Namespace
		at := label{namespace, key, value}
		if len(s.pairs[at]) == 0 {
			s.values[keyAt{namespace, key}] = append(s.values[keyAt{namespace, key}], value)
			s.keys[valueAt{namespace, value}] = append(s.keys[valueAt{namespace, value}], key)
		}
		s.pairs[at] = append(s.pairs[at], k)
		s.anywhere[[2]string{key, value}] = append(s.anywhere[[2]string{key, value}], k)
	}
}

func (s *similar) addObject(workload *snapshot.Workload) {
	named := map[label]bool{}
	for key, value := range workload.Labels {
		named[label{workload.Namespace, key, value}] = true
	}
	if workload.Selector != nil {
		for key, value := range workload.Selector.MatchLabels {
			named[label{workload.Namespace, key, value}] = true
		}
	}
	for at := range named {
		s.objects[at] = append(s.objects[at], workload)
	}
}

// rarest runs over the two shortest lists of kin that carry a label of the
// selector. Kin that lack no more than one of its labels are in one of them.
func (s *similar) rarest(namespace string, selector map[string]string) iter.Seq[*kin] {
	var shortest, second []*kin
	seen := 0
	for _, key := range sortedKeys(selector) {
		found := s.pairs[label{namespace, key, selector[key]}]
		switch {
		case seen == 0 || len(found) < len(shortest):
			shortest, second = found, shortest
		case seen == 1 || len(found) < len(second):
			second = found
		}
		seen++
	}
	return func(yield func(*kin) bool) {
		for _, list := range [][]*kin{shortest, second} {
			for _, kin := range firstOf(list) {
				if !yield(kin) {
					return
				}
			}
		}
	}
}

// spelledLike returns labels that differ from one of the selector by a slip in
// the value, or by the key.
func (s *similar) spelledLike(namespace string, selector map[string]string) []label {
	var alike []label
	for _, key := range sortedKeys(selector) {
		value := selector[key]
		for _, other := range firstOf(s.values[keyAt{namespace, key}]) {
			if other != value && slipped(value, other) {
				alike = append(alike, label{namespace, key, other})
			}
		}
		for _, other := range firstOf(s.keys[valueAt{namespace, value}]) {
			if other != key {
				alike = append(alike, label{namespace, other, value})
			}
		}
	}
	return alike[:min(len(alike), mostLabels)]
}

// firstOf cuts a list to what is looked at.
func firstOf[T any](list []T) []T { return list[:min(len(list), most)] }
