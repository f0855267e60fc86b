// Package snapshot holds the objects of a cluster at one moment as plain data,
// regardless of their source: an API server, manifests or a local run. Lookups
// use an index that is built on first use, so no caller iterates over all pods
// for each service.
package snapshot

import (
	"sync"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

// Snapshot is what is known about a cluster. The zero value is an empty cluster
// about which everything is known. Its objects are shared and must not be
// changed; its lists must not change after the first method call.
type Snapshot struct {
	Services  []*corev1.Service
	Slices    []*discoveryv1.EndpointSlice
	Nodes     []*corev1.Node
	Pods      []*corev1.Pod
	Workloads []*Workload
	Policies  []*networkingv1.NetworkPolicy
	// Replaced are the current versions of services whose new versions, yet to
	// be applied, are in Services.
	Replaced []*corev1.Service

	// Kubernetes is the version of the API server; zero when it is not known.
	Kubernetes kubernetes.Version
	// NodePorts is the API server's node port range; zero when it is not known.
	NodePorts nodeport.Range
	// Gaps name the resources that could not be read and are missing above.
	Gaps []Gap
	// Positions locates objects in their files; nil when they come from no file.
	Positions Locator

	index index
}

// Gap is a resource that could not be read, or not in every namespace.
type Gap struct {
	// Resource is the plural name of the API resource, such as "nodes".
	Resource string
	// Namespace is where it could not be read; empty for the whole cluster.
	Namespace string
	// Err is the API server's error.
	Err error
}

// UnknownPods is the resource of a gap that is not about a permission: the
// manifests hold an object from which an operator may create pods.
const UnknownPods = "pods of other kinds"

// Knows reports whether a resource, such as "nodes", could be read in all
// namespaces.
func (s *Snapshot) Knows(resource string) bool {
	for _, gap := range s.Gaps {
		if gap.Resource == resource {
			return false
		}
	}
	return true
}

// Locate returns the position of a field in the files that the snapshot was
// read from. The field is written as in the API server's messages,
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
