package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// await waits until every port of the services has a ready endpoint, and
// prints what get prints for them. The services exist already, and stay
// whatever happens here. Nobody waits for services without node ports, nor for
// those that had no pods in the snapshot: that was told before.
func (f *factory) await(ctx context.Context, services []*corev1.Service, s *snapshot.Snapshot, timeout time.Duration, quiet bool) error {
	c, err := f.cluster()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	waits := f.waits(c, services, s, timeout)
	var group sync.WaitGroup
	for _, w := range waits {
		group.Go(func() { w.until(ctx) })
	}
	group.Wait()
	f.progress("")
	var failures []error
	for _, w := range waits {
		failures = append(failures, w.tellEnd(ctx, quiet, len(waits) > 1))
	}
	return errors.Join(failures...)
}

// waits groups services by their namespace, sorted.
func (f *factory) waits(c *cluster.Cluster, services []*corev1.Service, s *snapshot.Snapshot, timeout time.Duration) []*wait {
	byNamespace := map[string]*wait{}
	for _, service := range services {
		if len(route.New(&snapshot.Snapshot{Services: []*corev1.Service{service}}).Services) == 0 {
			continue
		}
		w := byNamespace[service.Namespace]
		if w == nil {
			w = &wait{factory: f, cluster: c, namespace: service.Namespace, timeout: timeout, podless: map[string]bool{}}
			byNamespace[service.Namespace] = w
		}
		w.names = append(w.names, service.Name)
		w.podless[service.Name] = s.Knows("pods") && len(s.PodsMatching(service.Namespace, service.Spec.Selector)) == 0
	}
	var waits []*wait
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		waits = append(waits, byNamespace[namespace])
	}
	return waits
}

// wait is the wait for services of one namespace.
type wait struct {
	*factory
	cluster   *cluster.Cluster
	namespace string
	names     []string
	timeout   time.Duration
	// podless are the services that nothing is to be awaited for.
	podless map[string]bool

	seen  *snapshot.Snapshot
	table *route.Table
	err   error // of the watch
}

// until follows the services until they are ready or ctx is done.
func (w *wait) until(ctx context.Context) {
	query := cluster.Query{Namespace: w.namespace, Names: w.names, Slices: true, Nodes: true}
	watchCtx, ready := context.WithCancel(ctx)
	defer ready()
	w.err = w.cluster.Watch(watchCtx, query, w.observer(func(s *snapshot.Snapshot) {
		w.seen, w.table = s, route.New(s)
		if pending := w.pending(); len(pending) == 0 || !s.Knows("endpointslices") {
			ready()
		} else {
			w.progress("waiting: %s", strings.Join(pending, ", "))
		}
	}))
	if w.err == nil && w.seen != nil && len(w.pending()) == 0 && ctx.Err() == nil {
		w.settle(ctx)
	}
}

// tellEnd prints the services as they were seen last, and says what the end of
// the wait leaves behind.
func (w *wait) tellEnd(ctx context.Context, quiet, namespaces bool) error {
	switch {
	case apierrors.IsForbidden(w.err):
		w.say("note: not waited until %s can be reached: %s", strings.Join(w.names, ", "), render.Safe(w.err.Error()))
	case w.seen == nil && ctx.Err() != nil:
		return w.unready(ctx, []string{"nothing of it was read"})
	case w.err != nil:
		return w.err
	}
	if w.seen == nil {
		return nil
	}
	if !quiet {
		if err := w.list(namespaces); err != nil {
			return err
		}
	}
	for _, name := range w.names {
		if w.seen.Service(w.namespace, name) == nil {
			return fmt.Errorf("service %s/%s was deleted while it was waited for", w.namespace, name)
		}
	}
	if pending := w.pending(); w.err == nil && len(pending) > 0 && w.seen.Knows("endpointslices") {
		return w.unready(ctx, pending)
	}
	return nil
}

// pending names the ports without a ready endpoint.
func (w *wait) pending() []string {
	var pending []string
	for i := range w.table.Services {
		service := &w.table.Services[i]
		if w.podless[service.Name] {
			continue
		}
		for j := range service.Ports {
			if port := &service.Ports[j]; port.ReadyEndpoints() == 0 {
				pending = append(pending, fmt.Sprintf("port %d of service %s has 0 of %d endpoints ready", port.Port, service.Name, len(port.Endpoints)))
			}
		}
	}
	return pending
}

func (w *wait) list(namespaces bool) error {
	return listing{
		factory: w.factory, single: len(w.names) == 1, namespaces: namespaces, where: "namespace " + w.namespace, live: true,
	}.show(w.table, w.seen)
}

// unready says what the end of the wait leaves behind, and why.
func (w *wait) unready(ctx context.Context, pending []string) error {
	exists := fmt.Sprintf("service %s exists in namespace %s, but is not reachable yet", strings.Join(w.names, ", "), w.namespace)
	if len(pending) > 0 {
		exists += ": " + strings.Join(pending, ", ")
	}
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		w.say("%s", render.Safe(exists))
		return ctx.Err()
	}
	w.why(context.WithoutCancel(ctx))
	return fmt.Errorf("timed out after %s: %s", w.timeout, exists)
}

// why shows what the checks find in the services as they are now.
func (w *wait) why(ctx context.Context) {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := w.cluster.Read(ctx, cluster.Query{
		Namespace: w.namespace, Names: w.names, Slices: true, Nodes: true, Pods: true, Workloads: true,
	})
	if err != nil {
		return // the time-out is told all the same
	}
	_ = w.tell(check.Services(s))
}

// progress shows one line on a terminal, in place of the one before; an empty
// one takes it away.
func (f *factory) progress(format string, args ...any) {
	if f.terminal.errOut {
		const clearLine = "\r\x1b[K"
		fmt.Fprint(f.ErrOut, clearLine+fit(render.Safe(fmt.Sprintf(format, args...)), f.ErrOut))
	}
}
