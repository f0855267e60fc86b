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
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
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
		o.say("note: passed over %s; kubectl apply takes them", render.Safe(others))
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

// applications are the services of the manifests, of whatever type: one of a
// file may lead to another.
func (o *applyOptions) applications(set *manifest.Set) ([]*application, error) {
	var applications []*application
	written, _ := set.Snapshot(manifest.Defaults{Namespace: o.namespace})
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
			namespace: service.Namespace, name: service.Name, files: written.Positions, manifest: object.JSON, wanted: service,
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
	group.SetLimit(16)
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

// check checks the services as they are to be, with their places in the
// files: in the cluster that they come to, and beside each other.
func (o *applyOptions) check(applications []*application, set *manifest.Set, live *snapshot.Snapshot) error {
	written, _ := set.Snapshot(manifest.Defaults{Namespace: o.namespace})
	services := &snapshot.Snapshot{Services: wanted(applications), Positions: written.Positions}
	after := snapshot.Overlay(withMissing(live, written), services)
	after.Replaced = nil // they are known of every type
	for _, a := range applications {
		if a.before != nil {
			after.Replaced = append(after.Replaced, a.before)
		}
	}
	var findings []check.Finding
	checker := check.New(after)
	for _, a := range applications {
		findings = append(findings, checker.Service(a.wanted)...)
	}
	return o.tellBefore(findings, live, o.writeOptions)
}
