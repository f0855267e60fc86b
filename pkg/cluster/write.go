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

// WriteOptions are the options of writing a service.
type WriteOptions struct {
	// Manager is the name of the field manager.
	Manager string
	// DryRun has the API server validate the write without storing it. The API
	// server then returns random node ports, see WithoutInventions, and does not
	// check given ones against its range (k8s.io/kubernetes
	// pkg/registry/core/service/portallocator/operation.go).
	DryRun bool
	// Force makes Apply take ownership of fields from other managers.
	Force bool
}

func (o WriteOptions) dryRun() []string {
	if o.DryRun {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// Service returns the service, or nil if it does not exist.
func (c *Cluster) Service(ctx context.Context, namespace, name string) (*corev1.Service, error) {
	service, err := c.core.Services(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return service, err
}

// Create creates a service and returns it with the fields that the API server
// has set.
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

// Apply applies the manifest of a service, in JSON, with server-side apply. Unless
// the write is forced, it returns an error for which apierrors.IsConflict is true
// if another manager owns a field with another value.
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

// Adopt moves the ownership of the fields that the manager has set with Create to
// its Apply, so that Apply removes those that its manifest does not have. It
// changes only the managed fields, and nothing if Adoptable is false.
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

// WithoutInventions removes from the answer to a dry run the values that the API
// server allocates anew in the real write: node ports, and the cluster IP of a new
// service. asked is the service in the request, and before the live service, nil
// for a new one. The answer is modified and returned.
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
