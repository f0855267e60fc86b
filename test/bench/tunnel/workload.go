//go:build unix

package main

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// smallPart is what of a processor a pod has where pods are what limits.
const smallPart = "20m"

const namespace = metav1.NamespaceDefault

// deploy makes a Deployment of one pod that answers HTTP, and its service. cpu
// limits each of its pods; "" does not.
func (b *bench) deploy(ctx context.Context, name, cpu string) error {
	labels := map[string]string{"app": name}
	container := corev1.Container{Name: "web", Image: rig.SrvImage(), ImagePullPolicy: corev1.PullNever, Args: []string{"-http", ":300"}}
	if cpu != "" {
		container.Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
	}
	_, err := b.cluster.Apps().Deployments(namespace).Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{container}},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	_, err = b.cluster.Core().Services(namespace).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeNodePort, Selector: labels,
			Ports: []corev1.ServicePort{{Port: 82, TargetPort: intstr.FromInt32(300)}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return b.await(ctx, name, 1)
}

// scale gives a Deployment as many pods, and waits until they are ready.
func (b *bench) scale(ctx context.Context, name string, pods int) error {
	deployments := b.cluster.Apps().Deployments(namespace)
	scale, err := deployments.GetScale(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	scale.Spec.Replicas = int32(pods)
	if _, err := deployments.UpdateScale(ctx, name, scale, metav1.UpdateOptions{}); err != nil {
		return err
	}
	return b.await(ctx, name, pods)
}

// await waits until a Deployment has as many pods, all of them ready.
func (b *bench) await(ctx context.Context, name string, pods int) error {
	w, err := b.cluster.Apps().Deployments(namespace).Watch(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String(),
	})
	if err != nil {
		return err
	}
	defer w.Stop()
	for event := range w.ResultChan() {
		if d, ok := event.Object.(*appsv1.Deployment); ok && int(d.Status.ReadyReplicas) == pods && int(d.Status.Replicas) == pods {
			return nil
		}
	}
	return fmt.Errorf("deployment %s has no %d pods: %w", name, pods, context.Cause(ctx))
}
