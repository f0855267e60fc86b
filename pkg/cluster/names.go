package cluster

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Names returns the names of the objects of a kind in a namespace. The kind is
// one that snapshot.ParseKind returns, or "Namespace". The list comes from the
// API server's watch cache and may be slightly stale.
func (c *Cluster) Names(ctx context.Context, kind, namespace string) ([]string, error) {
	list, err := c.listKind(ctx, kind, namespace)
	if err != nil {
		return nil, err
	}
	var names []string
	err = meta.EachListItem(list, func(object runtime.Object) error {
		item, err := meta.Accessor(object)
		if err == nil {
			names = append(names, item.GetName())
		}
		return err
	})
	return names, err
}

func (c *Cluster) listKind(ctx context.Context, kind, namespace string) (runtime.Object, error) {
	options := metav1.ListOptions{ResourceVersion: "0"}
	switch kind {
	case "Pod":
		return c.core.Pods(namespace).List(ctx, options)
	case "Deployment":
		return c.apps.Deployments(namespace).List(ctx, options)
	case "StatefulSet":
		return c.apps.StatefulSets(namespace).List(ctx, options)
	case "DaemonSet":
		return c.apps.DaemonSets(namespace).List(ctx, options)
	case "ReplicaSet":
		return c.apps.ReplicaSets(namespace).List(ctx, options)
	case "ReplicationController":
		return c.core.ReplicationControllers(namespace).List(ctx, options)
	case "Job":
		return c.batch.Jobs(namespace).List(ctx, options)
	case "Service":
		return c.core.Services(namespace).List(ctx, options)
	case "Node":
		return c.core.Nodes().List(ctx, options)
	case "Namespace":
		return c.core.Namespaces().List(ctx, options)
	}
	return nil, fmt.Errorf("cannot list objects of kind %q", kind)
}
