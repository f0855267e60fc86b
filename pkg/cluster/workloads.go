package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Pod returns the pod. A missing pod is an error.
func (c *Cluster) Pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	return c.core.Pods(namespace).Get(ctx, name, metav1.GetOptions{})
}

// Workload returns the workload that ref names. Its kind is one that
// snapshot.WorkloadOf knows.
func (c *Cluster) Workload(ctx context.Context, ref snapshot.Ref) (*snapshot.Workload, error) {
	object, err := c.workload(ctx, ref)
	if err != nil {
		return nil, err
	}
	workload, _ := snapshot.WorkloadOf(object)
	return workload, nil
}

func (c *Cluster) workload(ctx context.Context, ref snapshot.Ref) (runtime.Object, error) {
	options := metav1.GetOptions{}
	switch ref.Kind {
	case "Deployment":
		return c.apps.Deployments(ref.Namespace).Get(ctx, ref.Name, options)
	case "StatefulSet":
		return c.apps.StatefulSets(ref.Namespace).Get(ctx, ref.Name, options)
	case "DaemonSet":
		return c.apps.DaemonSets(ref.Namespace).Get(ctx, ref.Name, options)
	case "ReplicaSet":
		return c.apps.ReplicaSets(ref.Namespace).Get(ctx, ref.Name, options)
	case "ReplicationController":
		return c.core.ReplicationControllers(ref.Namespace).Get(ctx, ref.Name, options)
	case "Job":
		return c.batch.Jobs(ref.Namespace).Get(ctx, ref.Name, options)
	}
	return nil, fmt.Errorf("%s is not a workload whose pods a service can select", ref)
}

// workloads returns the functions that read the workloads, one for each kind.
func (r *reading) workloads() []func(context.Context) error {
	c, namespace, options := r.cluster, r.query.Namespace, r.listOptions()
	return []func(context.Context) error{
		listWorkloads(r, "deployments", lister(c.apps.Deployments(namespace).List, options)),
		listWorkloads(r, "statefulsets", lister(c.apps.StatefulSets(namespace).List, options)),
		listWorkloads(r, "daemonsets", lister(c.apps.DaemonSets(namespace).List, options)),
		listWorkloads(r, "replicasets", lister(c.apps.ReplicaSets(namespace).List, options)),
		listWorkloads(r, "replicationcontrollers", lister(c.core.ReplicationControllers(namespace).List, options)),
		listWorkloads(r, "jobs", lister(c.batch.Jobs(namespace).List, options)),
	}
}

// lister hides the type of the list that a typed client returns.
func lister[L runtime.Object](list func(context.Context, metav1.ListOptions) (L, error),
	options metav1.ListOptions) func(context.Context) (runtime.Object, error) {
	return func(ctx context.Context) (runtime.Object, error) { return list(ctx, options) }
}

func listWorkloads(r *reading, resource string,
	list func(context.Context) (runtime.Object, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		objects, err := list(ctx)
		if err != nil {
			return r.gap(resource, r.query.Namespace, err)
		}
		return r.keep(func(s *snapshot.Snapshot) { s.Workloads = append(s.Workloads, workloadsOf(objects)...) })
	}
}

func workloadsOf(list runtime.Object) []*snapshot.Workload {
	var workloads []*snapshot.Workload
	// The callback returns no error, and a typed list always has items.
	_ = meta.EachListItem(list, func(object runtime.Object) error {
		if workload, ok := snapshot.WorkloadOf(object); ok {
			workloads = append(workloads, workload)
		}
		return nil
	})
	return workloads
}
