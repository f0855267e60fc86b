package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Query selects the objects to read. The zero value selects the services with
// node ports in all namespaces, and nothing else.
type Query struct {
	// Namespace is the namespace of all objects except nodes; empty means all
	// namespaces.
	Namespace string
	// Names are the services to read, of any type. If empty, all services with
	// node ports are read. Names require Namespace.
	Names []string
	// Selector is a label selector for services, in kubectl's syntax.
	Selector string
	// Slices, Nodes, Pods, Workloads and Policies select these objects, too.
	// Slices are EndpointSlices, and Policies are NetworkPolicies.
	Slices, Nodes, Pods, Workloads, Policies bool
	// PortsEverywhere also reads the services with node ports of all other
	// namespaces, because a node port is unique in the cluster. A missing
	// permission is a gap.
	PortsEverywhere bool
	// PodsEverywhere also reads the pods of all other namespaces, because pods
	// can have host ports. A missing permission is a gap.
	PodsEverywhere bool
	// ServicesOptional makes the missing permission to read services a gap
	// instead of an error.
	ServicesOptional bool
}

// Read returns a snapshot of the objects that the query selects. It sends the
// requests in parallel, at most one for each kind of object and namespace, and
// one for each service in Query.Names. A missing permission for services is an
// error unless the query says otherwise; for other objects it is a gap in the
// snapshot. All other failures are errors.
func (c *Cluster) Read(ctx context.Context, query Query) (*snapshot.Snapshot, error) {
	read := &reading{cluster: c, query: query, snapshot: &snapshot.Snapshot{}}
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range read.parts() {
		group.Go(func() error { return part(ctx) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(read.snapshot.Gaps, func(a, b snapshot.Gap) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace))
	})
	return read.snapshot, nil
}

// reading is the state of one Read.
type reading struct {
	cluster  *Cluster
	query    Query
	mu       sync.Mutex
	snapshot *snapshot.Snapshot
}

func (r *reading) parts() []func(context.Context) error {
	parts := []func(context.Context) error{r.services}
	if r.query.Slices {
		parts = append(parts, r.slices)
	}
	if r.query.Nodes {
		parts = append(parts, r.nodes)
	}
	if r.query.Pods {
		parts = append(parts, r.pods)
	}
	if r.query.Workloads {
		parts = append(parts, r.workloads()...)
	}
	if r.query.Policies {
		parts = append(parts, r.policies)
	}
	return parts
}

// listOptions returns the options for a list. For all namespaces, the API server
// answers from its watch cache, which is fast but may be slightly stale; for one
// namespace, the list is consistent.
func (r *reading) listOptions() metav1.ListOptions {
	if r.query.Namespace == metav1.NamespaceAll {
		return metav1.ListOptions{ResourceVersion: "0"}
	}
	return metav1.ListOptions{}
}

func (r *reading) slices(ctx context.Context) error {
	options := r.listOptions()
	options.LabelSelector = slicesOf(r.query.Names)
	list, err := r.cluster.discovery.EndpointSlices(r.query.Namespace).List(ctx, options)
	if err != nil {
		return r.gap("endpointslices", r.query.Namespace, err)
	}
	return r.keep(func(s *snapshot.Snapshot) { s.Slices = pointers(list.Items) })
}

// slicesOf returns a label selector for the EndpointSlices of the services, or of
// all services if names is empty.
func slicesOf(names []string) string {
	if len(names) == 0 {
		return discoveryv1.LabelServiceName
	}
	return metav1.FormatLabelSelector(&metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{{
			Key:      discoveryv1.LabelServiceName,
			Operator: metav1.LabelSelectorOpIn,
			Values:   names,
		}},
	})
}

func (r *reading) pods(ctx context.Context) error {
	if r.query.PodsEverywhere {
		pods, err := r.cluster.leanPods(ctx, metav1.NamespaceAll)
		if err == nil {
			return r.keep(func(s *snapshot.Snapshot) { s.Pods = pods })
		}
		if err := r.gap("pods", metav1.NamespaceAll, err); err != nil {
			return err
		}
	}
	pods, err := r.cluster.leanPods(ctx, r.query.Namespace)
	if err != nil {
		return r.gap("pods", r.query.Namespace, err)
	}
	return r.keep(func(s *snapshot.Snapshot) { s.Pods = pods })
}

func (r *reading) policies(ctx context.Context) error {
	list, err := r.cluster.networking.NetworkPolicies(r.query.Namespace).List(ctx, r.listOptions())
	if err != nil {
		return r.gap("networkpolicies", r.query.Namespace, err)
	}
	return r.keep(func(s *snapshot.Snapshot) { s.Policies = pointers(list.Items) })
}

// gap records a missing permission as a gap. It returns an error for any other
// failure.
func (r *reading) gap(resource, namespace string, err error) error {
	if !apierrors.IsForbidden(err) {
		return fmt.Errorf("cannot list %s: %w", resource, err)
	}
	return r.keep(func(s *snapshot.Snapshot) {
		s.Gaps = append(s.Gaps, snapshot.Gap{Resource: resource, Namespace: namespace, Err: err})
	})
}

// keep changes the snapshot under the lock. It always returns nil, so that callers
// can return its result.
func (r *reading) keep(change func(*snapshot.Snapshot)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r.snapshot)
	return nil
}

// pointers returns pointers to the items, which are not copied.
func pointers[T any](items []T) []*T {
	shared := make([]*T, len(items))
	for i := range items {
		shared[i] = &items[i]
	}
	return shared
}
