package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/author"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func newCreateCmd(f *factory) *cobra.Command {
	flags := &createFlags{output: newOutputFlags("created")}
	cmd := &cobra.Command{
		Use:     "create (POD | TYPE/NAME | -f FILE)",
		Aliases: []string{"expose"},
		GroupID: groupWrite,
		Short:   "Create a NodePort service from a pod or workload",
		Long: `Create a NodePort service from a running pod or workload, or from manifests.

The service selects what the workload selects. For a bare pod these are its
labels, without those that controllers add. It has every port that a container
declares, unless --port says which.

The service is checked before it is created: whether its node port is in the
API server's range and free, its selector matches pods, its target ports are
those of the containers, and its traffic policy suits where the pods run.
Afterwards the command waits for ready endpoints and shows how to reach them.

TYPE is pod, deployment, statefulset, daemonset, replicaset,
replicationcontroller or job, or a short name of these.`,
		Example: `  # From pod web: its labels and its ports
  kubectl nodeport create web

  # Node port 30033, service port 82, target port 300: the way a packet goes
  kubectl nodeport create deploy/web --port 30033:82:300

  # Two ports with names, the second for UDP and by its container port's name
  kubectl nodeport create deploy/dns --port web=80:8080 --port dns=53:dns/UDP

  # A manifest from a manifest, without a cluster
  kubectl nodeport create -f pod.yaml --dry-run=client -o yaml > service.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := flags.options(f, args)
			if err != nil {
				return usage(cmd, err)
			}
			return o.run(cmd.Context())
		},
	}
	flags.add(cmd)
	f.addLocal(cmd)
	return cmd
}

// createOptions are what create does.
type createOptions struct {
	*factory
	source    snapshot.Ref // what to read from the cluster, unless there are files
	files     *fileFlags
	namespace string
	author    author.Options
	writeOptions
	result result
}

func (o *createOptions) run(ctx context.Context) error {
	plan, err := o.plan(ctx)
	if err != nil {
		return err
	}
	if err := o.check(plan); err != nil {
		return err
	}
	if plan.anywhere {
		for _, service := range plan.services {
			service.Namespace = ""
		}
	}
	if err := o.rehearse(ctx, plan); err != nil {
		return err
	}
	created, err := o.create(ctx, plan)
	if err != nil || o.dryRun != dryRunNone {
		return err
	}
	if !o.wait {
		return o.showPorts(created)
	}
	return o.await(ctx, created, plan.live, o.timeout, o.result.formatted())
}

// showPorts tells the ports of services that nobody waits for: the API server
// has chosen some of them.
func (o *createOptions) showPorts(created []*corev1.Service) error {
	if o.result.formatted() {
		return nil
	}
	return render.ThreePortsOf(o.Out, route.New(&snapshot.Snapshot{Services: created}), o.terminal.glyphs)
}

// plan is what is to be created, and what it is checked against.
type plan struct {
	sources  []author.Source
	services []*corev1.Service
	snapshot *snapshot.Snapshot
	// live is the cluster as it is; nil when none was asked.
	live *snapshot.Snapshot
	// anywhere tells that the services are manifests for whatever namespace.
	anywhere bool
}

// plan authors the services. It reads the cluster unless manifests and a dry
// run on the client make that needless.
func (o *createOptions) plan(ctx context.Context) (*plan, error) {
	var p *plan
	var err error
	if o.files != nil {
		p, err = o.planFromFiles(ctx)
	} else {
		p, err = o.planFromCluster(ctx)
	}
	if err != nil {
		return nil, err
	}
	for _, source := range p.sources {
		service, err := author.Service(source, o.author)
		if err != nil {
			return nil, p.placed(err, source)
		}
		p.services = append(p.services, service)
	}
	return p, nil
}

// placed says where the source of a service stands that an error is about.
func (p *plan) placed(err error, source author.Source) error {
	return placed(err, p.snapshot.Locate(source.Ref, ""))
}

func (o *createOptions) create(ctx context.Context, p *plan) ([]*corev1.Service, error) {
	var created []*corev1.Service
	for i, service := range p.services {
		service, err := o.createOne(ctx, service)
		if err != nil {
			return created, unfinished(p.placed(err, p.sources[i]), created, p.services[i+1:], "created")
		}
		created = append(created, service)
		if err := o.result.print(service, "created"); err != nil {
			return created, err
		}
	}
	return created, nil
}

// rehearse lets the API server check several services before the first one is
// created.
func (o *createOptions) rehearse(ctx context.Context, p *plan) error {
	if len(p.services) < 2 || o.dryRun != dryRunNone {
		return nil
	}
	c, err := o.cluster()
	if err != nil {
		return err
	}
	var refused []error
	for i, service := range p.services {
		if _, err := c.Create(ctx, service, cluster.WriteOptions{Manager: o.manager, DryRun: true}); err != nil {
			refused = append(refused, p.placed(err, p.sources[i]))
		}
	}
	if len(refused) > 0 {
		refused = append(refused, errors.New("nothing was created"))
	}
	return errors.Join(refused...)
}

func (o *createOptions) createOne(ctx context.Context, service *corev1.Service) (*corev1.Service, error) {
	if o.dryRun == dryRunClient {
		return service, nil
	}
	c, err := o.cluster()
	if err != nil {
		return nil, err
	}
	return c.Create(ctx, service, o.forCluster())
}

// check shows what is wrong with the services. Errors stop all of them.
func (o *createOptions) check(p *plan) error {
	var findings []check.Finding
	together := &snapshot.Snapshot{Services: p.services}
	alone, beside := check.New(p.snapshot), check.New(together)
	for i, service := range p.services {
		if twice := together.Service(service.Namespace, service.Name); twice != service {
			return p.placed(fmt.Errorf("%s and another object of the manifests would both give service %q; create one of them with --name",
				p.sources[i].Ref, service.Name), p.sources[i])
		}
		if live := p.snapshot.Service(service.Namespace, service.Name); live != nil && live.UID != "" && o.dryRun != dryRunClient {
			return p.placed(apierrors.NewAlreadyExists(corev1.Resource("services"), service.Name), p.sources[i])
		}
		found := append(alone.Service(service), takenTogether(beside, service)...)
		findings = append(findings, inFlags(found, service, o.author)...)
		findings = append(findings, alone.Strangers(service, p.sources[i].Ref)...)
	}
	if o.writeOptions.check != checkIgnore {
		for _, warning := range otherProtocols(p.sources, o.author) {
			o.warn(warning)
		}
	}
	return o.tellBefore(findings, p.snapshot, o.writeOptions)
}

// takenTogether are the node ports that a service wants as well as another one
// that is created with it.
func takenTogether(together *check.Checker, service *corev1.Service) []check.Finding {
	return slices.DeleteFunc(together.Service(service), func(f check.Finding) bool { return f.ID != check.NodePortTaken })
}
