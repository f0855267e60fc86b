package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// applyPlan is what is to be applied, and the cluster that it comes to.
type applyPlan struct {
	applications []*application
	live         *snapshot.Snapshot
}

// plan reads the manifests and checks their services against the cluster.
func (o *applyOptions) plan(ctx context.Context) (*applyPlan, error) {
	set, err := o.files.read(ctx, o.factory)
	if err != nil {
		return nil, err
	}
	if err := o.sameNamespace(set); err != nil {
		return nil, err
	}
	applications, err := o.applications(set)
	if err != nil {
		return nil, err
	}
	if others := others(set); others != "" {
		o.say("note: passed over %s; kubectl apply takes them", others)
	}
	live, err := o.liveFor(ctx, applications)
	if err != nil {
		return nil, err
	}
	for _, a := range applications {
		if err := a.keepNodePorts(); err != nil {
			return nil, err
		}
	}
	return &applyPlan{applications, live}, o.check(applications, set, live)
}

// applications are the services of the manifests that node ports are about.
// One of another type is refused: it is hardly meant for this command.
func (o *applyOptions) applications(set *manifest.Set) ([]*application, error) {
	var applications []*application
	for _, object := range set.Objects {
		service, ok := object.Object.(*corev1.Service)
		if !ok {
			continue
		}
		if service.Name == "" {
			return nil, fmt.Errorf("%s: a service that is applied needs metadata.name; generateName is for create", object.Position)
		}
		service = service.DeepCopy()
		if service.Namespace == "" {
			service.Namespace = o.namespace
		}
		service.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Service"))
		applications = append(applications, &application{
			namespace: service.Namespace, name: service.Name, manifest: object.JSON, wanted: service,
		})
	}
	if len(applications) == 0 {
		return nil, errors.New("the manifests hold no Service")
	}
	return applications, nil
}

// liveFor reads what the services are checked against, and each of them as it
// is now.
func (o *applyOptions) liveFor(ctx context.Context, applications []*application) (*snapshot.Snapshot, error) {
	c, err := o.cluster()
	if err != nil {
		return nil, err
	}
	var namespaces []string
	nodePorts := false
	group, ctx := errgroup.WithContext(ctx)
	for _, a := range applications {
		namespaces = append(namespaces, a.namespace)
		nodePorts = nodePorts || slices.ContainsFunc(a.wanted.Spec.Ports, func(p corev1.ServicePort) bool { return p.NodePort != 0 })
		group.Go(func() (err error) {
			a.before, err = c.Service(ctx, a.namespace, a.name)
			return err
		})
	}
	slices.Sort(namespaces)
	var s *snapshot.Snapshot
	group.Go(func() (err error) {
		s, err = o.live(ctx, c, slices.Compact(namespaces), nodePorts, o.dryRun)
		return err
	})
	return s, group.Wait()
}

// missing are the workloads of the manifests that the cluster does not have
// yet: a service may come before its pods.
func missing(live *snapshot.Snapshot, written []*snapshot.Workload) []*snapshot.Workload {
	return slices.DeleteFunc(slices.Clone(written), func(w *snapshot.Workload) bool {
		return slices.ContainsFunc(live.Workloads, func(l *snapshot.Workload) bool { return l.Ref == w.Ref })
	})
}

// check checks the services as they are to be, with their places in the
// files: against the cluster, and against each other.
func (o *applyOptions) check(applications []*application, set *manifest.Set, live *snapshot.Snapshot) error {
	written, _ := set.Snapshot(manifest.Defaults{Namespace: o.namespace})
	live.Positions = written.Positions
	live.Workloads = append(live.Workloads, missing(live, written.Workloads)...)
	together := &snapshot.Snapshot{Services: wanted(applications), Positions: written.Positions}
	var findings []check.Finding
	for _, a := range applications {
		found := check.Service(live, a.wanted)
		for _, finding := range check.Service(together, a.wanted) {
			if finding.ID == check.NodePortTaken && !slices.Contains(found, finding) {
				found = append(found, finding)
			}
		}
		findings = append(findings, found...)
	}
	return o.tellBefore(findings, live, o.writeOptions)
}
