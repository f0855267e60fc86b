package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/author"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// planFromCluster reads the source and what the service is checked against at
// the same time.
func (o *createOptions) planFromCluster(ctx context.Context) (*plan, error) {
	c, err := o.cluster()
	if err != nil {
		return nil, err
	}
	var s *snapshot.Snapshot
	var pod *corev1.Pod
	var workload *snapshot.Workload
	var missing error
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		s, err = o.live(groupCtx, c, []string{o.namespace}, o.wantsNodePort(), o.dryRun)
		return err
	})
	group.Go(func() (err error) {
		if o.source.Kind == "Pod" {
			pod, err = c.Pod(groupCtx, o.source.Namespace, o.source.Name)
		} else {
			workload, err = c.Workload(groupCtx, o.source)
		}
		if apierrors.IsNotFound(err) {
			missing, err = err, nil // what is there instead is known when all is read
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if missing != nil {
		return nil, o.notFound(s)
	}
	if workload != nil {
		return &plan{snapshot: s, live: s, sources: []author.Source{author.FromWorkload(workload)}}, nil
	}
	return &plan{snapshot: s, live: s, sources: []author.Source{author.FromPod(s, pod)}}, nil
}

// wantsNodePort tells whether the user chose a node port, so that the range matters.
func (o *createOptions) wantsNodePort() bool {
	return o.author.NodePort != 0 ||
		slices.ContainsFunc(o.author.Ports, func(p author.PortSpec) bool { return p.NodePort != 0 })
}

// notFound names what could be meant by the source's name instead: "create
// web" asks for a pod, and often a Deployment has that name.
func (o *createOptions) notFound(s *snapshot.Snapshot) error {
	message := fmt.Sprintf("%s %q not found in namespace %s", strings.ToLower(o.source.Kind), o.source.Name, o.source.Namespace)
	var near []string
	for _, workload := range s.Workloads {
		if workload.Name == o.source.Name && workload.Ref != o.source {
			near = append(near, strings.ToLower(workload.Kind)+"/"+workload.Name)
		}
	}
	for _, pod := range s.Pods {
		if o.source.Kind == "Pod" && strings.HasPrefix(pod.Name, o.source.Name+"-") && len(near) == 0 {
			near = append(near, pod.Name)
		} else if o.source.Kind != "Pod" && pod.Name == o.source.Name {
			near = append(near, pod.Name)
		}
	}
	if len(near) > 0 {
		slices.Sort(near)
		return errors.New(message + "; did you mean " + strings.Join(near, " or ") + "?")
	}
	return errors.New(message + didYouMean(o.source.Name, o.alike(s)))
}

// alike are the names that could be meant by a misspelled one: those of the
// kind that was named; for a pod also its workloads, as TYPE/NAME.
func (o *createOptions) alike(s *snapshot.Snapshot) []string {
	var names []string
	for _, workload := range s.Workloads {
		if workload.Kind == o.source.Kind && workload.Namespace == o.source.Namespace {
			names = append(names, workload.Name)
		}
	}
	for _, pod := range s.Pods {
		if o.source.Kind == "Pod" && pod.Namespace == o.source.Namespace {
			names = append(names, pod.Name)
		}
	}
	return names
}

// planFromFiles takes every pod and workload of the manifests. A dry run on
// the client asks no cluster: the manifests are all there is to check against.
func (o *createOptions) planFromFiles(ctx context.Context) (*plan, error) {
	set, err := o.files.read(ctx, o.factory)
	if err != nil {
		return nil, err
	}
	if err := o.sameNamespace(set); err != nil {
		return nil, err
	}
	written, _ := set.Snapshot(manifest.Defaults{Namespace: o.namespace})
	p := &plan{snapshot: written, sources: sourcesOf(set, written, o.namespace)}
	switch {
	case len(p.sources) == 0:
		return nil, errors.New("the manifests hold no pod or workload to create a service from")
	case len(p.sources) > 1 && o.author.Name != "":
		return nil, fmt.Errorf("--name names one service, but the manifests hold %d pods and workloads", len(p.sources))
	case o.dryRun == dryRunClient:
		p.anywhere, err = o.anywhere(set)
		return p, err
	}
	c, err := o.cluster()
	if err != nil {
		return nil, err
	}
	if p.live, err = o.live(ctx, c, namespacesOf(p.sources), o.wantsNodePort(), o.dryRun); err != nil {
		return nil, err
	}
	p.snapshot = withMissing(p.live, written)
	return p, nil
}

// sourcesOf turns the pods and workloads of manifests into sources, each once:
// a dump of a cluster holds a Deployment's ReplicaSet and pods as well.
func sourcesOf(set *manifest.Set, written *snapshot.Snapshot, namespace string) []author.Source {
	var sources []author.Source
	for _, object := range set.Objects {
		in := cmp.Or(object.Namespace, namespace)
		var source author.Source
		if pod, ok := object.Object.(*corev1.Pod); ok {
			pod = pod.DeepCopy()
			pod.Namespace = in
			source = author.FromPod(written, pod)
		} else if workload := written.Workload(object.Kind, in, object.Name); workload != nil && workload.Controller == nil {
			source = author.FromWorkload(workload)
		} else {
			continue
		}
		if !slices.ContainsFunc(sources, func(s author.Source) bool { return s.Ref == source.Ref }) {
			sources = append(sources, source)
		}
	}
	return sources
}

// sameNamespace refuses manifests of another namespace than -n, as kubectl does.
func (f *factory) sameNamespace(set *manifest.Set) error {
	namespace, given, err := f.namespace()
	if err != nil || !given {
		return err
	}
	for _, object := range set.Objects {
		if object.Namespace != "" && object.Namespace != namespace {
			return fmt.Errorf("%s: %s is of namespace %q, not %q; leave out -n or correct the manifest",
				object.Position, object.Ref, object.Namespace, namespace)
		}
	}
	return nil
}

// anywhere tells that neither a manifest nor a flag names a namespace.
func (f *factory) anywhere(set *manifest.Set) (bool, error) {
	_, given, err := f.namespace()
	return !given && !slices.ContainsFunc(set.Objects, func(o *manifest.Object) bool { return o.Namespace != "" }), err
}

func namespacesOf(sources []author.Source) []string {
	var namespaces []string
	for _, source := range sources {
		namespaces = append(namespaces, source.Ref.Namespace)
	}
	slices.Sort(namespaces)
	return slices.Compact(namespaces)
}
