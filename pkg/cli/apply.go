package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// applyFlags are what the user typed.
type applyFlags struct {
	files  fileFlags
	force  bool
	write  writeFlags
	output outputFlags
}

// applyOptions are what apply does.
type applyOptions struct {
	*factory
	files     *fileFlags
	namespace string
	force     bool
	writeOptions
	result result
}

func newApplyCmd(f *factory) *cobra.Command {
	flags := &applyFlags{output: newOutputFlags("applied")}
	cmd := &cobra.Command{
		Use:     "apply -f FILE ...",
		GroupID: groupWrite,
		Short:   "Check and apply Service manifests",
		Long: `Check Service manifests, show what changes, apply them on the server's side,
wait for ready endpoints and show how to reach them.

A service is applied only when all of them pass the checks and the API server
accepts all of them in a dry run. A node port that the API server has chosen
is kept when the manifest gives none.

Objects of other kinds are passed over: kubectl apply takes those.`,
		Example: `  # Apply the services of a file
  kubectl nodeport apply -f service.yaml

  # Show what would change
  kubectl nodeport apply -f services/ --dry-run=server

  # Take fields over that somebody else has set
  kubectl nodeport apply -f service.yaml --force-conflicts`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := flags.options(f, args)
			if err != nil {
				return usage(cmd, err)
			}
			return o.run(cmd.Context())
		},
	}
	flags.files.add(cmd, "the manifests to apply")
	cmd.Flags().BoolVar(&flags.force, "force-conflicts", false, "take over the fields that other field managers have set otherwise")
	f.addLocal(cmd)
	flags.write.add(cmd)
	flags.output.add(cmd)
	return cmd
}

func (flags *applyFlags) options(f *factory, args []string) (*applyOptions, error) {
	switch {
	case len(args) > 0:
		return nil, fmt.Errorf("%q is not taken; give the manifests with -f", args[0])
	case !flags.files.given():
		return nil, errors.New("give the manifests to apply with -f")
	}
	write, err := flags.write.options()
	if err != nil {
		return nil, err
	}
	o := &applyOptions{factory: f, files: &flags.files, force: flags.force, writeOptions: write}
	if o.result, err = newResult(f, &flags.output, write.dryRun); err != nil {
		return nil, err
	}
	o.namespace, _, err = f.namespace()
	return o, err
}

func (o *applyOptions) run(ctx context.Context) error {
	plan, err := o.plan(ctx)
	if err != nil {
		return err
	}
	applications := plan.applications
	if o.dryRun == dryRunClient {
		return o.each(applications, func(a *application) error { return o.result.print(a.wanted, a.outcome()) })
	}
	c, err := o.cluster()
	if err != nil {
		return err
	}
	if err := o.adopt(ctx, c, applications); err != nil {
		return err
	}
	if err := o.rehearse(ctx, c, applications); err != nil {
		return err
	}
	if o.dryRun == dryRunServer {
		return o.each(applications, func(a *application) error { return o.result.print(a.after, a.outcome()) })
	}
	applied, err := o.apply(ctx, c, applications)
	if err != nil || !o.wait {
		return err
	}
	return o.await(ctx, applied, plan.live, o.timeout, o.result.formatted())
}

func (o *applyOptions) each(applications []*application, do func(*application) error) error {
	for _, a := range applications {
		if err := do(a); err != nil {
			return err
		}
	}
	return nil
}

// rehearse applies everything in a dry run, so that what the API server
// refuses is known before the first service is changed, and shows the changes.
func (o *applyOptions) rehearse(ctx context.Context, c *cluster.Cluster, applications []*application) error {
	var refused []error
	for _, a := range applications {
		after, err := o.applyOne(ctx, c, a, true)
		if err != nil {
			refused = append(refused, a.refused(err, o.manager))
			continue
		}
		a.after = cluster.WithoutInventions(after, a.wanted, a.before)
		if o.showsChanges(a) {
			if err := render.Diff(o.Out, a.before, a.after); err != nil {
				return err
			}
		}
	}
	if len(refused) > 0 && len(applications) > 1 {
		refused = append(refused, errors.New("nothing was applied"))
	}
	return errors.Join(refused...)
}

// showsChanges: to people, of what is there already, and to whoever asks what
// would change.
func (o *applyOptions) showsChanges(a *application) bool {
	return !o.result.formatted() && (o.terminal.out && a.before != nil || o.dryRun == dryRunServer)
}

func (o *applyOptions) apply(ctx context.Context, c *cluster.Cluster, applications []*application) ([]*corev1.Service, error) {
	var applied []*corev1.Service
	for i, a := range applications {
		after, err := o.applyOne(ctx, c, a, false)
		if err != nil {
			return applied, unfinished(a.refused(err, o.manager), applied, wanted(applications[i+1:]), "applied")
		}
		a.after = after
		applied = append(applied, after)
		if err := o.result.print(after, a.outcome()); err != nil {
			return applied, err
		}
	}
	return applied, nil
}

// adopt makes what create has set the property of apply, which then removes it
// where the manifest no longer has it. A dry run leaves that alone.
func (o *applyOptions) adopt(ctx context.Context, c *cluster.Cluster, applications []*application) error {
	if o.dryRun != dryRunNone {
		return nil
	}
	for _, a := range applications {
		if a.before == nil {
			continue
		}
		if err := c.Adopt(ctx, a.before, o.manager); err != nil {
			return err
		}
	}
	return nil
}

// applyOne applies a service. In a dry run the fields that create has set are
// not adopted, and are taken over without a question.
func (o *applyOptions) applyOne(ctx context.Context, c *cluster.Cluster, a *application, dryRun bool) (*corev1.Service, error) {
	write := cluster.WriteOptions{Manager: o.manager, Force: o.force, DryRun: dryRun}
	after, err := c.Apply(ctx, a.namespace, a.name, a.manifest, write)
	if ownConflict(err, o.manager) {
		write.Force = true
		after, err = c.Apply(ctx, a.namespace, a.name, a.manifest, write)
	}
	if o.dryRun == dryRunServer && a.before != nil && cluster.Adoptable(a.before, o.manager) && len(fieldConflicts(err)) == 0 {
		return c.RehearseAdopted(ctx, a.before, a.manifest, o.manager)
	}
	return after, err
}

// others lists the objects of the manifests that are no services.
func others(set *manifest.Set) string {
	var names []string
	for _, object := range set.Objects {
		if object.Kind != "Service" {
			names = append(names, strings.ToLower(object.Kind)+"/"+object.Name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
