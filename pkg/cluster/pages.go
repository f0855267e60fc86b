package cluster

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pageSize is kubectl's default. It bounds memory: only one page of objects is
// held in full at a time.
const pageSize = 500

// leanPods lists the pods of a namespace, page by page, without the fields that
// lean drops. If the list expires on the API server before the last page, it
// starts again without paging.
func (c *Cluster) leanPods(ctx context.Context, namespace string) ([]*corev1.Pod, error) {
	var pods []*corev1.Pod
	options := metav1.ListOptions{Limit: pageSize}
	for {
		list, err := c.core.Pods(namespace).List(ctx, options)
		if apierrors.IsResourceExpired(err) && options.Continue != "" {
			pods, options = nil, metav1.ListOptions{}
			continue
		} else if err != nil {
			return nil, err
		}
		for i := range list.Items {
			lean(&list.Items[i])
		}
		pods = append(pods, pointers(list.Items)...)
		if options.Continue = list.Continue; options.Continue == "" {
			return pods, nil
		}
	}
}

// lean drops the fields of a pod that are large and do not matter for traffic,
// such as managed fields, annotations and volumes.
func lean(pod *corev1.Pod) {
	pod.ManagedFields, pod.Annotations = nil, nil
	spec := &pod.Spec
	spec.Volumes, spec.Tolerations, spec.Affinity, spec.TopologySpreadConstraints = nil, nil, nil, nil
	for _, containers := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range containers {
			container := &containers[i]
			container.VolumeMounts, container.Resources = nil, corev1.ResourceRequirements{}
		}
	}
	for _, statuses := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range statuses {
			status := &statuses[i]
			status.VolumeMounts, status.Resources, status.AllocatedResources = nil, nil, nil
		}
	}
}
