package cli

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// fromCluster reads who has the ports of the cluster, as far as the user may
// see it.
func (o *portsOptions) fromCluster(ctx context.Context) (*nodeport.Ledger, []render.PortUse, error) {
	c, err := o.cluster()
	if err != nil {
		return nil, nil, err
	}
	var s *snapshot.Snapshot
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		s, err = c.Read(groupCtx, cluster.Query{
			Namespace: o.namespace, PortsEverywhere: true, Pods: true, PodsEverywhere: true,
		})
		return err
	})
	ports := o.nodePorts
	if ports == (nodeport.Range{}) {
		group.Go(func() error {
			ports = o.learn(groupCtx, c)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	if err := o.tellUnseen(s); err != nil {
		return nil, nil, err
	}
	ledger := nodeport.NewLedger(ports, s.Services)
	for _, pod := range s.Pods {
		if pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			ledger.Open(hostOf(s, pod), &pod.Spec)
		}
	}
	o.tellAssumed(ledger)
	return ledger, render.PortUses(ledger, func(string, string, string, string) string { return "" }), nil
}

// learn asks for the range: by a read first, as the user only looks.
func (o *portsOptions) learn(ctx context.Context, c *cluster.Cluster) nodeport.Range {
	if ports := c.RangeOfFlags(ctx); ports.Learned {
		return ports
	}
	ports, err := c.NodePortRange(ctx, o.namespace)
	if err != nil {
		o.warn(err.Error())
	}
	return ports
}

// hostOf is the workload that a pod belongs to. A Deployment is told by the
// name of its ReplicaSet, for which workloads need not be read; a static pod
// stands for itself.
func hostOf(s *snapshot.Snapshot, pod *corev1.Pod) nodeport.Host {
	host := nodeport.Host{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, Pods: 1}
	owner, owned := s.OwnerOf(pod)
	if !owned || owner.Kind == "Node" {
		return host
	}
	host.Kind, host.Name = owner.Kind, owner.Name
	hash := pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	if name, ok := strings.CutSuffix(owner.Name, "-"+hash); ok && hash != "" && owner.Kind == "ReplicaSet" {
		host.Kind, host.Name = "Deployment", name
	}
	return host
}

// tellUnseen names what the user may not see. Without any services there is
// nothing true to show.
func (o *portsOptions) tellUnseen(s *snapshot.Snapshot) error {
	for _, gap := range s.Gaps {
		switch {
		case gap.Resource == "services" && gap.Namespace != "":
			return gap.Err
		case gap.Resource == "services":
			o.say("note: only the services of namespace %s are known, so a port that seems free may be taken: %s",
				render.Safe(o.namespace), render.Safe(gap.Err.Error()))
		case gap.Namespace == "":
			o.say("note: only the host ports of pods in namespace %s are known: %s", render.Safe(o.namespace), render.Safe(gap.Err.Error()))
		default:
			o.say("note: host ports are not known: %s", render.Safe(gap.Err.Error()))
		}
	}
	return nil
}

// tellAssumed says when the range is a guess, and when it is a wrong one.
func (o *portsOptions) tellAssumed(l *nodeport.Ledger) {
	if l.Range.Learned {
		return
	}
	for _, port := range l.Ports() {
		if l.BandOf(port) == nodeport.Outside {
			o.say("note: the API server's node port range is not known, and is not the default %s, which does not hold %d; give --node-port-range",
				l.Range, port)
			return
		}
	}
	o.say("note: the node port range %s is assumed: the API server did not tell its own; --node-port-range says otherwise", l.Range)
}
