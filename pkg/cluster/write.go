package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// WriteOptions say how a service is written.
type WriteOptions struct {
	// Manager is the field manager that the API server notes.
	Manager string
	// DryRun lets the API server check the write without keeping it. The node
	// ports that it then shows for automatic allocation are meaningless, and
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
	return hidePorts(created, service, o), nil
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

// hidePorts takes the node ports away that a dry run made up.
func hidePorts(answer, asked *corev1.Service, o WriteOptions) *corev1.Service {
	if !o.DryRun {
		return answer
	}
	for i := range answer.Spec.Ports {
		if i < len(asked.Spec.Ports) && asked.Spec.Ports[i].NodePort == 0 {
			answer.Spec.Ports[i].NodePort = 0
		}
	}
	answer.Spec.HealthCheckNodePort = asked.Spec.HealthCheckNodePort
	return answer
}
