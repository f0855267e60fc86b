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

// Query says what of a cluster to read. The zero value reads the services
// with node ports of all namespaces, and nothing else.
type Query struct {
	// Namespace restricts everything but nodes; empty for all.
	Namespace string
	// Names are the services to read, of whatever type; none for all that have
	// node ports. They need a namespace.
	Names []string
	// Selector restricts services by their labels, in the syntax of kubectl.
	Selector string
	// Slices, Nodes, Pods, Workloads and Policies ask for those as well.
	Slices, Nodes, Pods, Workloads, Policies bool
	// PortsEverywhere reads the services with node ports of all namespaces,
	// because a node port is taken for the whole cluster. Services that may not
	// be read are then a gap as well.
	PortsEverywhere bool
	// PodsEverywhere does the same for pods, which open ports on their nodes.
	PodsEverywhere bool
	// ServicesOptional makes a gap of services that may not be read.
	ServicesOptional bool
}

// Read reads what the query asks for, in parallel and without a request for
// each service. Services that cannot be read are an error; of the rest, what
// the user may not read becomes a gap in the snapshot.
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

// reading is a Read under way.
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

// listOptions reads a whole cluster from the API server's watch cache: fast,
// and at most moments behind. What one namespace holds is read exactly.
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

// slicesOf selects the EndpointSlices of services, or all that have one.
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

// gap notes what the user may not read; any other failure is an error.
func (r *reading) gap(resource, namespace string, err error) error {
	if !apierrors.IsForbidden(err) {
		return fmt.Errorf("cannot list %s: %w", resource, err)
	}
	return r.keep(func(s *snapshot.Snapshot) {
		s.Gaps = append(s.Gaps, snapshot.Gap{Resource: resource, Namespace: namespace, Err: err})
	})
}

func (r *reading) keep(what func(*snapshot.Snapshot)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	what(r.snapshot)
	return nil
}

// pointers shares the items of a list instead of copying them.
func pointers[T any](items []T) []*T {
	shared := make([]*T, len(items))
	for i := range items {
		shared[i] = &items[i]
	}
	return shared
}
