package cli

import (
	"context"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// live reads what services of some namespaces are checked against before they
// are written: who holds node ports anywhere, the pods and workloads of the
// namespaces, and the nodes. The range is learned only when a node port was
// asked for; a dry run on the client sends nothing but reads for it.
func (f *factory) live(ctx context.Context, c *cluster.Cluster, namespaces []string, nodePorts bool, mode dryRun) (*snapshot.Snapshot, error) {
	snapshots := make([]*snapshot.Snapshot, len(namespaces))
	var ports nodeport.Range
	group, ctx := errgroup.WithContext(ctx)
	for i, namespace := range namespaces {
		query := cluster.Query{
			Namespace: namespace, PortsEverywhere: i == 0, ServicesOptional: true,
			Nodes: true, Slices: true, Pods: true, Workloads: true,
		}
		group.Go(func() (err error) {
			snapshots[i], err = c.Read(ctx, query)
			return err
		})
	}
	group.Go(func() error {
		switch {
		case !nodePorts:
		case mode == dryRunClient:
			ports = c.RangeOfFlags(ctx)
		default:
			var left error
			if ports, left = c.NodePortRange(ctx, namespaces[0]); left != nil {
				f.warn(left.Error())
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	joined := &snapshot.Snapshot{}
	for _, s := range snapshots {
		joined = snapshot.Overlay(joined, s)
	}
	joined.Replaced, joined.NodePorts = nil, ports
	return joined, nil
}

// withMissing adds to a live cluster what manifests hold of pods and workloads
// that it does not have yet, and their places in the files: a service may come
// before its pods. What is live stands.
func withMissing(live, written *snapshot.Snapshot) *snapshot.Snapshot {
	added := &snapshot.Snapshot{Positions: written.Positions}
	for _, workload := range written.Workloads {
		if live.Workload(workload.Kind, workload.Namespace, workload.Name) == nil {
			added.Workloads = append(added.Workloads, workload)
		}
	}
	for _, pod := range written.Pods {
		if !isLive(live, written, pod) {
			added.Pods = append(added.Pods, pod)
		}
	}
	return snapshot.Overlay(live, added)
}

func isLive(live, written *snapshot.Snapshot, pod *corev1.Pod) bool {
	if owner, owned := written.OwnerOf(pod); owned {
		return live.Workload(owner.Kind, owner.Namespace, owner.Name) != nil
	}
	return live.Pod(pod.Namespace, pod.Name) != nil
}
