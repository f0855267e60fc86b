package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// quietPeriod is how long to wait for further changes before calling Changed, since
// a change of a service is usually followed by changes of its EndpointSlices.
const quietPeriod = 50 * time.Millisecond

// Observer has the callbacks of a Watch. Nil callbacks except Changed are ignored.
type Observer struct {
	// Changed is called with the first snapshot, and with a new one after every
	// change. Its calls do not overlap.
	Changed func(*snapshot.Snapshot)
	// Lost is called when the API server stops answering, and Back when it answers
	// again. They may be called at the same time as Changed.
	Lost func(error)
	Back func()
	// NodesStay is called when the user may list nodes but not watch them: later
	// snapshots have the nodes of the first. If it is nil, Watch returns an error
	// instead, as it does for other resources.
	NodesStay func(error)
}

// Watch reads the objects that the query selects and passes them to the observer,
// again after every change, until ctx is done. It continues after lost connections
// and restarts of the API server. It returns an error if the first read fails, or
// if the user may list a resource but not watch it (see Observer.NodesStay). It
// returns nil when ctx is done.
func (c *Cluster) Watch(ctx context.Context, query Query, observer Observer) error {
	first, err := c.Read(ctx, query)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &watching{cluster: c, query: query, first: lasting(first), refuse: cancel, events: make(chan struct{}, 1)}
	w.contact.observer = observer
	w.start(ctx)
	observer.Changed(first)
	for w.next(ctx) {
		observer.Changed(w.snapshot())
	}
	if refused := context.Cause(ctx); apierrors.IsForbidden(refused) {
		return refused
	}
	return nil
}

// lasting returns the parts of the first snapshot that later ones share, in a copy,
// since the observer may change the first snapshot.
func lasting(first *snapshot.Snapshot) *snapshot.Snapshot {
	return &snapshot.Snapshot{Nodes: slices.Clip(first.Nodes), Gaps: slices.Clip(first.Gaps), NodePorts: first.NodePorts}
}

// watching is the state of one Watch: a store for each resource. Services have a
// store for each name and each selector of types.
type watching struct {
	cluster *Cluster
	query   Query
	first   *snapshot.Snapshot
	// refuse ends the Watch because a watch request is forbidden. Informers would
	// retry it forever.
	refuse context.CancelCauseFunc
	events chan struct{}
	// contact reports whether the API server answers.
	contact contact

	named, ofTypes, workloads     []cache.Store
	slices, nodes, pods, policies cache.Store
	synced                        []cache.InformerSynced
	// nodesStay is true once a watch of nodes was forbidden; leaveNodes then stops
	// their informer.
	nodesStay  atomic.Bool
	leaveNodes context.CancelFunc
}

func (w *watching) start(ctx context.Context) {
	c, namespace, all := w.cluster, w.query.Namespace, metav1.ListOptions{}
	w.startServices(ctx)
	if w.query.Slices && w.first.Knows("endpointslices") {
		options := metav1.ListOptions{LabelSelector: slicesOf(w.query.Names)}
		w.slices = follow(ctx, w, &discoveryv1.EndpointSlice{}, options, c.discovery.EndpointSlices(namespace))
	}
	if w.query.Nodes && w.first.Knows("nodes") {
		w.startNodes(ctx)
	}
	if w.query.Pods && w.first.Knows("pods") {
		w.pods = follow(ctx, w, &corev1.Pod{}, all, c.core.Pods(namespace))
	}
	if w.query.Policies && w.first.Knows("networkpolicies") {
		w.policies = follow(ctx, w, &networkingv1.NetworkPolicy{}, all, c.networking.NetworkPolicies(namespace))
	}
	if w.query.Workloads {
		w.startWorkloads(ctx)
	}
}

// startNodes follows the nodes. A forbidden watch stops it and counts as synced.
func (w *watching) startNodes(ctx context.Context) {
	ctx, w.leaveNodes = context.WithCancel(ctx)
	w.nodes = follow(ctx, w, &corev1.Node{}, metav1.ListOptions{}, w.cluster.core.Nodes())
	last := len(w.synced) - 1
	synced := w.synced[last]
	w.synced[last] = func() bool { return w.nodesStay.Load() || synced() }
}

// refused handles a forbidden watch of the kind of object.
func (w *watching) refused(object runtime.Object, err error) {
	_, node := object.(*corev1.Node)
	switch {
	case !node || w.contact.observer.NodesStay == nil:
		w.refuse(err)
	case w.nodesStay.CompareAndSwap(false, true):
		w.leaveNodes()
		w.contact.observer.NodesStay(err)
	}
}

// startServices follows the services of the query and, with PortsEverywhere, all
// services with node ports in the namespaces that the first read could list.
func (w *watching) startServices(ctx context.Context) {
	services := func(namespace, selector, fields string) cache.Store {
		options := metav1.ListOptions{LabelSelector: selector, FieldSelector: fields}
		return follow(ctx, w, &corev1.Service{}, options, w.cluster.core.Services(namespace))
	}
	for _, name := range w.query.Names {
		w.named = append(w.named, services(w.query.Namespace, "", fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()))
	}
	where, selector := w.query.Namespace, w.query.Selector
	switch {
	case w.query.PortsEverywhere && w.first.Knows("services"):
		where, selector = metav1.NamespaceAll, ""
	case w.query.PortsEverywhere:
		selector = ""
	case len(w.query.Names) > 0:
		return
	}
	for _, types := range w.cluster.typeSelectors() {
		w.ofTypes = append(w.ofTypes, services(where, selector, types))
	}
}

// startWorkloads follows the workloads of the kinds that the first read could
// list.
func (w *watching) startWorkloads(ctx context.Context) {
	c, namespace := w.cluster, w.query.Namespace
	for resource, start := range map[string]func(metav1.ListOptions) cache.Store{
		"deployments":            followed(ctx, w, &appsv1.Deployment{}, c.apps.Deployments(namespace)),
		"statefulsets":           followed(ctx, w, &appsv1.StatefulSet{}, c.apps.StatefulSets(namespace)),
		"daemonsets":             followed(ctx, w, &appsv1.DaemonSet{}, c.apps.DaemonSets(namespace)),
		"replicasets":            followed(ctx, w, &appsv1.ReplicaSet{}, c.apps.ReplicaSets(namespace)),
		"replicationcontrollers": followed(ctx, w, &corev1.ReplicationController{}, c.core.ReplicationControllers(namespace)),
		"jobs":                   followed(ctx, w, &batchv1.Job{}, c.batch.Jobs(namespace)),
	} {
		if w.first.Knows(resource) {
			w.workloads = append(w.workloads, start(metav1.ListOptions{}))
		}
	}
}

// followed returns a function that calls follow. It hides the type parameter.
func followed[L runtime.Object](ctx context.Context, w *watching, object runtime.Object, from resource[L]) func(metav1.ListOptions) cache.Store {
	return func(options metav1.ListOptions) cache.Store { return follow(ctx, w, object, options, from) }
}

// resource is implemented by the typed clients of all resources.
type resource[L runtime.Object] interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}

// follow starts an informer that runs until ctx is done, and returns its store.
func follow[L runtime.Object](ctx context.Context, w *watching, object runtime.Object,
	options metav1.ListOptions, from resource[L]) cache.Store {
	restrict := func(o *metav1.ListOptions) {
		o.LabelSelector, o.FieldSelector = options.LabelSelector, options.FieldSelector
	}
	store, controller := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: &cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				restrict(&o)
				list, err := from.List(ctx, o)
				w.contact.note(ctx, err)
				return list, err
			},
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				restrict(&o)
				watcher, err := from.Watch(ctx, o)
				w.contact.note(ctx, err)
				if apierrors.IsForbidden(err) {
					w.refused(object, fmt.Errorf("cannot watch: %w", err))
				}
				return watcher, err
			},
		},
		ObjectType: object,
		Transform: func(object any) (any, error) {
			if pod, ok := object.(*corev1.Pod); ok {
				lean(pod)
			}
			return object, nil
		},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { w.note() },
			UpdateFunc: func(_, _ any) { w.note() },
			DeleteFunc: func(any) { w.note() },
		},
	})
	w.synced = append(w.synced, controller.HasSynced)
	go controller.RunWithContext(ctx)
	return store
}

// note signals a change. It does not block.
func (w *watching) note() {
	select {
	case w.events <- struct{}{}:
	default:
	}
}

// next waits for a change and then for the quiet period. It returns false when ctx
// is done.
func (w *watching) next(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-w.events:
	}
	timer := time.NewTimer(quietPeriod)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-w.events:
		case <-timer.C:
			return w.complete(ctx)
		}
	}
}

// complete waits until all informers have listed their resource, so that every
// snapshot is complete. It returns false when ctx is done.
func (w *watching) complete(ctx context.Context) bool {
	return cache.WaitForCacheSync(ctx.Done(), w.synced...)
}

func (w *watching) snapshot() *snapshot.Snapshot {
	s := &snapshot.Snapshot{Nodes: w.first.Nodes, Gaps: w.first.Gaps, NodePorts: w.first.NodePorts}
	for _, store := range w.named {
		s.Services = union(s.Services, stored[*corev1.Service](store))
	}
	for _, store := range w.ofTypes {
		s.Services = union(s.Services, ofPortTypes(stored[*corev1.Service](store)))
	}
	for _, store := range w.workloads {
		for _, object := range stored[runtime.Object](store) {
			if workload, ok := snapshot.WorkloadOf(object); ok {
				s.Workloads = append(s.Workloads, workload)
			}
		}
	}
	s.Slices = stored[*discoveryv1.EndpointSlice](w.slices)
	s.Pods = stored[*corev1.Pod](w.pods)
	s.Policies = stored[*networkingv1.NetworkPolicy](w.policies)
	if w.nodes != nil && !w.nodesStay.Load() {
		s.Nodes = stored[*corev1.Node](w.nodes)
	}
	return s
}

// stored returns the objects of a store, sorted by key; nil for a nil store.
func stored[T runtime.Object](store cache.Store) []T {
	if store == nil {
		return nil
	}
	keys := store.ListKeys()
	slices.Sort(keys)
	objects := make([]T, 0, len(keys))
	for _, key := range keys {
		if object, exists, err := store.GetByKey(key); exists && err == nil {
			objects = append(objects, object.(T))
		}
	}
	return objects
}
