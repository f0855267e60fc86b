package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"
)

// WriteOptions say how a service is written.
type WriteOptions struct {
	// Manager is the field manager that the API server notes.
	Manager string
	// DryRun lets the API server check the write without keeping it. The node
	// ports that it then makes up are meaningless, see WithoutInventions, and
	// it does not check the range (k8s.io/kubernetes
	// pkg/registry/core/service/portallocator/operation.go).
	DryRun bool
	// Force takes fields over from other managers when applying.
	Force bool
}

func (o WriteOptions) dryRun() []string {
	if o.DryRun {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// Service reads one service; it is nil when there is none.
func (c *Cluster) Service(ctx context.Context, namespace, name string) (*corev1.Service, error) {
	service, err := c.core.Services(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return service, err
}

// Create creates a service, and returns it as the API server completed it.
func (c *Cluster) Create(ctx context.Context, service *corev1.Service, o WriteOptions) (*corev1.Service, error) {
	created, err := c.core.Services(service.Namespace).Create(ctx, service, metav1.CreateOptions{
		FieldManager:    o.Manager,
		DryRun:          o.dryRun(),
		FieldValidation: metav1.FieldValidationStrict,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot create service %s/%s: %w", service.Namespace, service.Name, err)
	}
	if o.DryRun {
		return WithoutInventions(created, service, nil), nil
	}
	return created, nil
}

// Apply applies a service's manifest, written as JSON, on the server's side.
// A field that another manager holds with another value is a conflict, which
// apierrors.IsConflict tells, unless the write is forced.
func (c *Cluster) Apply(ctx context.Context, namespace, name string, manifest []byte, o WriteOptions) (*corev1.Service, error) {
	applied, err := c.core.Services(namespace).Patch(ctx, name, types.ApplyPatchType, manifest, metav1.PatchOptions{
		FieldManager:    o.Manager,
		DryRun:          o.dryRun(),
		Force:           &o.Force,
		FieldValidation: metav1.FieldValidationStrict,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot apply service %s/%s: %w", namespace, name, err)
	}
	return applied, nil
}

// Adopt makes the fields that a manager has set by Create those of its Apply,
// so that an apply also removes what its manifest no longer has. It changes
// nothing but who owns the fields; without such fields it does nothing.
func (c *Cluster) Adopt(ctx context.Context, service *corev1.Service, manager string) error {
	patch, err := csaupgrade.UpgradeManagedFieldsPatch(service, sets.New(manager), manager)
	if err != nil || patch == nil {
		return err
	}
	_, err = c.core.Services(service.Namespace).Patch(ctx, service.Name, types.JSONPatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("cannot take over the fields of service %s/%s: %w", service.Namespace, service.Name, err)
	}
	return nil
}

// WithoutInventions takes away from the answer to a dry run what the API
// server made up for that which it has yet to choose: node ports, and the
// cluster IP of a new service. Asked is what the user gave, before the live
// service, or nil. The answer is changed and returned.
func WithoutInventions(answer, asked, before *corev1.Service) *corev1.Service {
	known := map[int32]bool{}
	for _, service := range []*corev1.Service{before, asked} {
		if service == nil {
			continue
		}
		known[service.Spec.HealthCheckNodePort] = true
		for _, port := range service.Spec.Ports {
			known[port.NodePort] = true
		}
	}
	for i := range answer.Spec.Ports {
		if port := &answer.Spec.Ports[i]; !known[port.NodePort] {
			port.NodePort = 0
		}
	}
	if !known[answer.Spec.HealthCheckNodePort] {
		answer.Spec.HealthCheckNodePort = 0
	}
	if before == nil {
		answer.Spec.ClusterIP, answer.Spec.ClusterIPs = asked.Spec.ClusterIP, asked.Spec.ClusterIPs
	}
	return answer
}
