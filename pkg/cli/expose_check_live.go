package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// checkCluster checks services as the cluster has them.
func (o *exposeCheckOptions) checkCluster(ctx context.Context) (*render.Report, error) {
	c, err := o.cluster()
	if err != nil {
		return nil, err
	}
	s, err := c.Read(ctx, o.query(o.namespace, o.names()))
	if apierrors.IsNotFound(err) {
		return nil, (&getOptions{listing: listing{where: o.where}}).notFound(err)
	} else if err != nil {
		return nil, err
	}
	for _, gap := range s.Gaps {
		if gap.Resource == "services" && gap.Namespace == o.namespace && len(o.names()) == 0 {
			return nil, gap.Err // nothing found would be no answer
		}
	}
	s.NodePorts = o.nodePorts
	var own []*corev1.Service
	for _, service := range s.Services {
		if o.namespace == "" || service.Namespace == o.namespace {
			own = append(own, service)
		}
	}
	chosen, named, err := o.chosen(s, own)
	if err != nil {
		return nil, err
	}
	table := route.New(s)
	var walks []check.Walk
	if !o.static {
		var gaps []snapshot.Gap
		if walks, gaps, err = o.walks(ctx, c, s, table, chosen); err != nil {
			return nil, err
		}
		s.Gaps = append(s.Gaps, gaps...)
	}
	findings := check.Run(check.Input{Snapshot: s, Services: chosen, Named: named, Walks: walks})
	report := o.newReport(s, table, chosen)
	report.Findings = o.sift(report, chosen, findings)
	report.Live, report.Walks = true, walks
	return report, nil
}

// query is all that the rules look at.
func (o *exposeCheckOptions) query(namespace string, names []string) cluster.Query {
	return cluster.Query{
		Namespace: namespace, Names: names, PortsEverywhere: true,
		Slices: true, Nodes: true, Pods: true, Workloads: true, Policies: true,
	}
}

// sift returns the findings that count; the report keeps those that are ignored.
func (o *exposeCheckOptions) sift(report *render.Report, services []*corev1.Service, findings []check.Finding) []check.Finding {
	counting, ignored := check.Sift(findings, services, o.ignore)
	report.Ignored = append(report.Ignored, ignored...)
	return counting
}

// newReport is a report without findings, which names what could not be read.
func (o *exposeCheckOptions) newReport(s *snapshot.Snapshot, table *route.Table, services []*corev1.Service) *render.Report {
	report := &render.Report{Table: table, FailOn: o.failOn}
	for _, service := range services {
		report.Services = append(report.Services, snapshot.RefOf("Service", service))
	}
	for _, gap := range s.Gaps {
		if gap.Resource != snapshot.UnknownPods {
			report.Gaps = append(report.Gaps, render.Gap{
				Resource: gap.Resource, Namespace: gap.Namespace, Reason: gap.Err.Error(), Rules: check.Silent(gap.Resource),
			})
		}
	}
	slices.SortFunc(report.Gaps, func(a, b render.Gap) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace))
	})
	return report
}

// around reads what manifests are laid over: their namespaces of the cluster,
// and its node port range unless that is given. The range is only read, never
// asked for by a request to create.
func (o *exposeCheckOptions) around(ctx context.Context, namespaces []string) (*snapshot.Snapshot, error) {
	c, err := o.cluster()
	if err != nil {
		return nil, err
	}
	snapshots := make([]*snapshot.Snapshot, len(namespaces))
	ports := o.nodePorts
	group, ctx := errgroup.WithContext(ctx)
	for i, namespace := range namespaces {
		query := o.query(namespace, nil)
		query.PortsEverywhere, query.Nodes = i == 0, i == 0
		group.Go(func() (err error) {
			snapshots[i], err = c.Read(ctx, query)
			return err
		})
	}
	if ports == (nodeport.Range{}) {
		group.Go(func() error {
			if learned := c.RangeOfFlags(ctx); learned.Learned {
				ports = learned
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("%w\nwith --static the manifests are checked without a cluster", err)
	}
	return joined(snapshots, ports), nil
}

// joined makes one snapshot of those of several namespaces.
func joined(snapshots []*snapshot.Snapshot, ports nodeport.Range) *snapshot.Snapshot {
	whole := &snapshot.Snapshot{NodePorts: ports}
	seen := map[snapshot.Ref]bool{}
	for _, s := range snapshots {
		for _, service := range s.Services {
			if ref := snapshot.RefOf("Service", service); !seen[ref] {
				seen[ref] = true
				whole.Services = append(whole.Services, service)
			}
		}
		whole.Nodes = append(whole.Nodes, s.Nodes...)
		whole.Pods = append(whole.Pods, s.Pods...)
		whole.Slices = append(whole.Slices, s.Slices...)
		whole.Workloads = append(whole.Workloads, s.Workloads...)
		whole.Policies = append(whole.Policies, s.Policies...)
		whole.Gaps = append(whole.Gaps, s.Gaps...)
	}
	return whole
}
