package cluster

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// services reads the services that the query names or selects and, with
// PortsEverywhere, the services with node ports of all namespaces.
func (r *reading) services(ctx context.Context) error {
	var own, everywhere []*corev1.Service
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		if len(r.query.Names) > 0 {
			own, err = r.cluster.named(ctx, r.query.Namespace, r.query.Names)
		} else if !r.query.PortsEverywhere {
			own, err = r.cluster.withNodePorts(ctx, r.query.Namespace, r.query.Selector)
		}
		if r.query.ServicesOptional && apierrors.IsForbidden(err) {
			return r.gap("services", r.query.Namespace, err)
		}
		return err
	})
	group.Go(func() (err error) {
		if r.query.PortsEverywhere {
			everywhere, err = r.everywhere(ctx)
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return r.keep(func(s *snapshot.Snapshot) { s.Services = union(own, everywhere) })
}

// everywhere reads the services with node ports of all namespaces. Without the
// permission, it reads those of the query's namespace.
func (r *reading) everywhere(ctx context.Context) ([]*corev1.Service, error) {
	services, err := r.cluster.withNodePorts(ctx, metav1.NamespaceAll, "")
	if err == nil || !apierrors.IsForbidden(err) {
		return services, err
	}
	if err := r.gap("services", metav1.NamespaceAll, err); err != nil {
		return nil, err
	}
	services, err = r.cluster.withNodePorts(ctx, r.query.Namespace, "")
	if apierrors.IsForbidden(err) {
		return nil, r.gap("services", r.query.Namespace, err)
	}
	return services, err
}

// named reads services of any type by name. Services that do not exist are left
// out.
func (c *Cluster) named(ctx context.Context, namespace string, names []string) ([]*corev1.Service, error) {
	services := make([]*corev1.Service, len(names))
	group, ctx := errgroup.WithContext(ctx)
	for i, name := range names {
		group.Go(func() (err error) {
			services[i], err = c.Service(ctx, namespace, name)
			return err
		})
	}
	err := group.Wait()
	return slices.DeleteFunc(services, func(service *corev1.Service) bool { return service == nil }), err
}

// union returns the services of both lists, each once. The object of the first
// list takes precedence.
func union(first, second []*corev1.Service) []*corev1.Service {
	seen := make(map[snapshot.Ref]bool, len(first))
	for _, service := range first {
		seen[snapshot.RefOf("Service", service)] = true
	}
	for _, service := range second {
		if !seen[snapshot.RefOf("Service", service)] {
			first = append(first, service)
		}
	}
	return first
}
