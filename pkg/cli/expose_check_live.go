package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

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

// checkCluster checks services as the cluster has them. What may be true of
// every service for a moment it looks at once more.
func (o *exposeCheckOptions) checkCluster(ctx context.Context) (*render.Report, error) {
	c, err := o.cluster()
	if err != nil {
		return nil, err
	}
	report, err := o.look(ctx, c)
	if err == nil && mayBeLate(report.Findings) && pause(ctx, lag) {
		report, err = o.look(ctx, c)
	}
	return report, err
}

// look reads services and asks the network about them.
func (o *exposeCheckOptions) look(ctx context.Context, c *cluster.Cluster) (*render.Report, error) {
	s, err := o.read(ctx, c)
	if err != nil {
		return nil, o.notFound(err)
	}
	here := func(service *corev1.Service) bool { return service.Namespace == o.namespace }
	if !slices.ContainsFunc(s.Services, here) && c.NoNamespace(ctx, o.namespace) {
		return nil, fmt.Errorf("namespace %q does not exist", o.namespace) // nothing found would be no answer
	}
	x, err := o.examine(s)
	if err != nil {
		return nil, err
	}
	return o.walked(ctx, c, x)
}

// read reads the services that were asked for and what is around them, and
// meanwhile the version of the API server.
func (o *exposeCheckOptions) read(ctx context.Context, c *cluster.Cluster) (s *snapshot.Snapshot, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { o.learnVersion(ctx, c); return nil })
	group.Go(func() (err error) {
		s, err = c.Read(ctx, o.query(o.namespace, o.names()))
		return err
	})
	return s, group.Wait()
}

// notFound says where a service was looked for.
func (o *exposeCheckOptions) notFound(err error) error {
	if apierrors.IsNotFound(err) {
		return (&getOptions{listing: listing{where: o.where}}).notFound(err)
	}
	return err
}

// examined is what is known of a cluster's services before the network is asked.
type examined struct {
	snapshot *snapshot.Snapshot
	table    *route.Table
	chosen   []*corev1.Service
	named    bool
}

// findings are those of the services, with what the network answered.
func (x *examined) findings(walks []check.Walk) []check.Finding {
	return check.Run(check.Input{Snapshot: x.snapshot, Services: x.chosen, Named: x.named, Walks: walks})
}

// examine finds the services of a snapshot that were asked for, and their routes.
func (o *exposeCheckOptions) examine(s *snapshot.Snapshot) (*examined, error) {
	for _, gap := range s.Gaps {
		if gap.Resource == "services" && gap.Namespace == o.namespace && len(o.names()) == 0 {
			return nil, gap.Err // nothing found would be no answer
		}
	}
	s.NodePorts, s.Kubernetes = o.nodePorts, o.kubernetes
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
	return &examined{snapshot: s, table: route.New(s), chosen: chosen, named: named}, nil
}

// walked asks the network about the services, unless it is not to be asked, and
// reports on them.
func (o *exposeCheckOptions) walked(ctx context.Context, c *cluster.Cluster, x *examined) (*render.Report, error) {
	report := o.newReport(x.snapshot, x.table, x.chosen)
	report.Live = true
	if !o.static {
		walks, gaps, err := o.walks(ctx, c, x.snapshot, x.table, x.chosen)
		if err != nil {
			return nil, err
		}
		report.Walks = walks
		o.addGaps(report, gaps)
	}
	report.Findings = o.sift(report, x.chosen, x.findings(report.Walks))
	return report, nil
}

// lag is how long nodes may take to hear of a service or of its endpoints.
const lag = 2 * time.Second

// mayBeLate tells whether a finding is that a node does not serve what it
// should, or does not know of endpoints, which is true of every service for a moment.
func mayBeLate(findings []check.Finding) bool {
	return slices.ContainsFunc(findings, func(f check.Finding) bool { return f.ID == "NP304" || f.ID == "NP315" })
}

// pause waits; it is false when ctx ended meanwhile.
func pause(ctx context.Context, long time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(long):
		return true
	}
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
	counting, ignored := check.Sift(findings, services, o.ignore, o.failOn)
	report.Ignored = append(report.Ignored, ignored...)
	return check.Condense(counting)
}

// newReport is a report without findings, which names what could not be read.
func (o *exposeCheckOptions) newReport(s *snapshot.Snapshot, table *route.Table, services []*corev1.Service) *render.Report {
	report := &render.Report{Table: table, FailOn: o.failOn, Settings: o.taken}
	for _, service := range services {
		report.Services = append(report.Services, snapshot.RefOf("Service", service))
	}
	o.addGaps(report, s.Gaps)
	return report
}

// addGaps names in a report what could not be read or tried.
func (o *exposeCheckOptions) addGaps(report *render.Report, gaps []snapshot.Gap) {
	for _, gap := range gaps {
		if gap.Resource != snapshot.UnknownPods {
			report.Gaps = append(report.Gaps, render.Gap{
				Resource: gap.Resource, Namespace: gap.Namespace, Reason: gap.Err.Error(), Rules: check.Silent(gap.Resource),
			})
		}
	}
	slices.SortFunc(report.Gaps, func(a, b render.Gap) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Namespace, b.Namespace))
	})
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
	group.Go(func() error { o.learnVersion(ctx, c); return nil })
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
