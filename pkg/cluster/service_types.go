package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
)

// typeSelectors returns the field selectors that together select the services of
// the types that have node ports. API servers before Kubernetes 1.31 cannot
// select services by type: for them it is one that selects all services, once
// the first list was refused.
func (c *Cluster) typeSelectors() []string {
	if c.untyped.Load() {
		return []string{""}
	}
	ofType := func(t corev1.ServiceType) string { return fields.OneTermEqualSelector("spec.type", string(t)).String() }
	return []string{ofType(corev1.ServiceTypeNodePort), ofType(corev1.ServiceTypeLoadBalancer)}
}

// withNodePorts lists the services of the types that have node ports, one type at
// a time where the API server can filter by it.
func (c *Cluster) withNodePorts(ctx context.Context, namespace, selector string) ([]*corev1.Service, error) {
	services, err := c.selected(ctx, namespace, selector, c.typeSelectors())
	if isUnknownSelector(err) {
		c.untyped.Store(true)
		services, err = c.selected(ctx, namespace, selector, c.typeSelectors())
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list services: %w", err)
	}
	return ofPortTypes(services), nil
}

// selected lists the services that any of the field selectors selects.
func (c *Cluster) selected(ctx context.Context, namespace, selector string, fields []string) ([]*corev1.Service, error) {
	lists := make([]*corev1.ServiceList, len(fields))
	group, ctx := errgroup.WithContext(ctx)
	for i, field := range fields {
		group.Go(func() (err error) {
			lists[i], err = c.core.Services(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector, FieldSelector: field})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var services []*corev1.Service
	for _, list := range lists {
		services = append(services, pointers(list.Items)...)
	}
	return services, nil
}

// ofPortTypes removes the services of the types that have no node ports.
func ofPortTypes(services []*corev1.Service) []*corev1.Service {
	return slices.DeleteFunc(services, func(s *corev1.Service) bool {
		return s.Spec.Type != corev1.ServiceTypeNodePort && s.Spec.Type != corev1.ServiceTypeLoadBalancer
	})
}

// isUnknownSelector reports whether the API server cannot select services by type.
func isUnknownSelector(err error) bool {
	return apierrors.IsBadRequest(err) && strings.Contains(err.Error(), "spec.type")
}
