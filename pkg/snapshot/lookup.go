package snapshot

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Service returns a service, or nil.
func (s *Snapshot) Service(namespace, name string) *corev1.Service {
	return s.built().services[Ref{"Service", namespace, name}]
}

// Before returns the service that the one with this name will replace, or nil.
func (s *Snapshot) Before(namespace, name string) *corev1.Service {
	return s.built().replaced[Ref{"Service", namespace, name}]
}

// PoliciesIn returns the network policies of a namespace.
func (s *Snapshot) PoliciesIn(namespace string) []*networkingv1.NetworkPolicy {
	return s.built().policies[namespace]
}

// SlicesOf returns the EndpointSlices of a service, by their label.
func (s *Snapshot) SlicesOf(namespace, service string) []*discoveryv1.EndpointSlice {
	return s.built().slices[Ref{"Service", namespace, service}]
}

// Node returns a node, or nil.
func (s *Snapshot) Node(name string) *corev1.Node { return s.built().nodes[name] }

// Pod returns a pod, or nil.
func (s *Snapshot) Pod(namespace, name string) *corev1.Pod {
	return s.built().pods[Ref{"Pod", namespace, name}]
}

// Workload returns the workload of this kind and name, or nil.
func (s *Snapshot) Workload(kind, namespace, name string) *Workload {
	return s.built().owners[Ref{kind, namespace, name}]
}

// PodsMatching returns the pods of a namespace that have all labels of a
// service's selector. An empty selector matches no pod, as in a service.
func (s *Snapshot) PodsMatching(namespace string, selector map[string]string) []*corev1.Pod {
	candidates := s.rarest(namespace, selector)
	matcher := labels.SelectorFromSet(selector)
	var matching []*corev1.Pod
	for _, pod := range candidates {
		if matcher.Matches(labels.Set(pod.Labels)) {
			matching = append(matching, pod)
		}
	}
	return matching
}

// rarest returns the shortest list of pods that can hold all matches.
func (s *Snapshot) rarest(namespace string, selector map[string]string) []*corev1.Pod {
	var shortest []*corev1.Pod
	first := true
	for key, value := range selector {
		pods := s.built().labels[label{namespace, key, value}]
		if first || len(pods) < len(shortest) {
			shortest, first = pods, false
		}
	}
	return shortest
}

// OwnerOf returns the topmost workload that controls a pod: the Deployment
// rather than its ReplicaSet. The workload need not be in the snapshot. ok is
// false for a bare pod.
func (s *Snapshot) OwnerOf(pod *corev1.Pod) (owner Ref, ok bool) {
	const deepest = 8 // controllers in a manifest may form a cycle
	controller := metav1.GetControllerOf(pod)
	for range deepest {
		if controller == nil {
			break
		}
		owner, ok = Ref{controller.Kind, pod.Namespace, controller.Name}, true
		workload := s.built().owners[owner]
		if workload == nil {
			break
		}
		controller = workload.Controller
	}
	return owner, ok
}

func (s *Snapshot) built() *index {
	s.index.once.Do(func() { s.index.build(s) })
	return &s.index
}

func (x *index) build(s *Snapshot) {
	x.services = make(map[Ref]*corev1.Service, len(s.Services))
	for _, service := range s.Services {
		x.services[RefOf("Service", service)] = service
	}
	x.replaced = make(map[Ref]*corev1.Service, len(s.Replaced))
	for _, service := range s.Replaced {
		x.replaced[RefOf("Service", service)] = service
	}
	x.policies = make(map[string][]*networkingv1.NetworkPolicy)
	for _, policy := range s.Policies {
		x.policies[policy.Namespace] = append(x.policies[policy.Namespace], policy)
	}
	x.slices = make(map[Ref][]*discoveryv1.EndpointSlice, len(s.Slices))
	for _, slice := range s.Slices {
		service := Ref{"Service", slice.Namespace, serviceOf(slice)}
		x.slices[service] = append(x.slices[service], slice)
	}
	x.nodes = make(map[string]*corev1.Node, len(s.Nodes))
	for _, node := range s.Nodes {
		x.nodes[node.Name] = node
	}
	x.owners = make(map[Ref]*Workload, len(s.Workloads))
	for _, workload := range s.Workloads {
		x.owners[workload.Ref] = workload
	}
	x.buildPods(s.Pods)
}

// serviceOf returns the name of the service that an EndpointSlice belongs to.
func serviceOf(slice *discoveryv1.EndpointSlice) string {
	return slice.Labels[discoveryv1.LabelServiceName]
}

func (x *index) buildPods(pods []*corev1.Pod) {
	x.pods = make(map[Ref]*corev1.Pod, len(pods))
	x.labels = make(map[label][]*corev1.Pod)
	for _, pod := range pods {
		x.pods[RefOf("Pod", pod)] = pod
		for key, value := range pod.Labels {
			at := label{pod.Namespace, key, value}
			x.labels[at] = append(x.labels[at], pod)
		}
	}
}
