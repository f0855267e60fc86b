package cluster

import (
	"cmp"
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// nodes reads the nodes. Without the permission to list them, it derives nodes
// from the pods that the user may list, since a pod's status has the addresses of
// its node.
func (r *reading) nodes(ctx context.Context) error {
	list, err := r.cluster.core.Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err == nil {
		return r.keep(func(s *snapshot.Snapshot) { s.Nodes = pointers(list.Items) })
	}
	if err := r.gap("nodes", metav1.NamespaceAll, err); err != nil {
		return err
	}
	pods, err := r.cluster.core.Pods(r.query.Namespace).List(ctx, r.listOptions())
	if apierrors.IsForbidden(err) {
		return nil // the gap for nodes is already recorded
	} else if err != nil {
		return err
	}
	return r.keep(func(s *snapshot.Snapshot) { s.Nodes = nodesOf(pods.Items) })
}

// nodesOf returns the nodes that run the pods, sorted by name, with their
// internal addresses, which the kubelet writes to the status of pods
// (k8s.io/kubernetes pkg/kubelet/kubelet_pods.go, generateAPIPodStatus).
func nodesOf(pods []corev1.Pod) []*corev1.Node {
	byName := map[string]*corev1.Node{}
	for i := range pods {
		pod := &pods[i]
		if pod.Spec.NodeName == "" || len(pod.Status.HostIPs) == 0 || byName[pod.Spec.NodeName] != nil {
			continue
		}
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: pod.Spec.NodeName}}
		for _, host := range pod.Status.HostIPs {
			node.Status.Addresses = append(node.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: host.IP})
		}
		byName[pod.Spec.NodeName] = node
	}
	var nodes []*corev1.Node
	for _, node := range byName {
		nodes = append(nodes, node)
	}
	slices.SortFunc(nodes, func(a, b *corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	return nodes
}
