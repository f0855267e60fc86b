// Package snapshot holds a cluster at one moment as plain data, wherever it
// came from: an API server, manifests or a local run. What needs a lookup is
// indexed on first use, so that no reader ever walks services × pods.
package snapshot

import (
	"sync"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

// Snapshot is what is known of a cluster. The zero value is an empty cluster
// about which everything is known. Its objects are shared and must not be
// changed; its lists must not change after the first call of a method.
type Snapshot struct {
	Services  []*corev1.Service
	Slices    []*discoveryv1.EndpointSlice
	Nodes     []*corev1.Node
	Pods      []*corev1.Pod
	Workloads []*Workload
	Policies  []*networkingv1.NetworkPolicy
	// Replaced are services as they are before those of the same names in
	// Services, which are yet to be applied, take their place.
	Replaced []*corev1.Service

	// NodePorts is the range of the API server; zero when it was not asked for.
	NodePorts nodeport.Range
	// Gaps name what could not be read; what they name is missing above.
	Gaps []Gap
	// Positions finds objects in the files that they came from; nil when they
	// came from no file.
	Positions Locator

	index index
}

// Gap is a resource that could not be read, or not in every namespace.
type Gap struct {
	// Resource is the plural name of the API resource, such as "nodes".
	Resource string
	// Namespace is where it could not be read; empty for the whole cluster.
	Namespace string
	// Err is why, as the API server said it.
	Err error
}

// UnknownPods is the resource of a gap that is not about a permission: manifests
// hold an object of which an operator may make pods that nothing shows.
const UnknownPods = "pods of other kinds"

// Knows tells whether a resource, such as "nodes", could be read everywhere.
func (s *Snapshot) Knows(resource string) bool {
	for _, gap := range s.Gaps {
		if gap.Resource == resource {
			return false
		}
	}
	return true
}

// Locate returns where a field of an object stands in the files that the
// snapshot was read from. The field is written as the API server writes it,
// such as "spec.ports[0].nodePort"; the empty field is the object itself. The
// zero Position means that no file is known.
func (s *Snapshot) Locate(object Ref, field string) Position {
	if s.Positions == nil {
		return Position{}
	}
	return s.Positions.Locate(object, field)
}

// index is built on first use.
type index struct {
	once     sync.Once
	services map[Ref]*corev1.Service
	replaced map[Ref]*corev1.Service
	policies map[string][]*networkingv1.NetworkPolicy
	slices   map[Ref][]*discoveryv1.EndpointSlice
	nodes    map[string]*corev1.Node
	pods     map[Ref]*corev1.Pod
	labels   map[label][]*corev1.Pod
	owners   map[Ref]*Workload
}

// label is one label of the pods of one namespace.
type label struct{ namespace, key, value string }
