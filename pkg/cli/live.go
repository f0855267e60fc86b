package cli

import (
	"context"

	"golang.org/x/sync/errgroup"

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
			Namespace: namespace, PortsEverywhere: i == 0, Nodes: i == 0, Slices: true, Pods: true, Workloads: true,
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
			ports = c.NodePortRange(ctx, namespaces[0])
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	joined := snapshots[0]
	for _, s := range snapshots[1:] {
		joined.Pods = append(joined.Pods, s.Pods...)
		joined.Slices = append(joined.Slices, s.Slices...)
		joined.Workloads = append(joined.Workloads, s.Workloads...)
		joined.Gaps = append(joined.Gaps, s.Gaps...)
	}
	joined.NodePorts = ports
	return joined, nil
}
