package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

const exposeCheckName = "expose-check"

// exposeCheckOptions are what expose-check does.
type exposeCheckOptions struct {
	*factory
	// targets are the services to check, and workloads whose services are; none
	// for all.
	targets   []snapshot.Ref
	selector  labels.Selector
	namespace string // empty for all
	where     string
	files     *fileFlags // nil to check what the cluster has
	static    bool
	// live are the snapshots that manifests were laid over, by their namespaces.
	live    map[string]*snapshot.Snapshot
	network liveOptions
	// watch checks until nothing of failOn is found any more.
	watch     bool
	nodePorts nodeport.Range
	// kubernetes is the version to check for; zero until the cluster is asked.
	kubernetes kubernetes.Version
	outputs    []reportOutput
	failOn     check.Severity
	ignore     []check.Ignore
	// taken are the settings of the configuration and the command line.
	taken []render.Setting
}

func newExposeCheckCmd(f *factory) *cobra.Command {
	flags := &exposeCheckFlags{}
	cmd := &cobra.Command{
		Use:     exposeCheckName + " [NAME | TYPE/NAME ...]",
		Aliases: []string{"check"},
		GroupID: groupRead,
		Short:   "Say why a service cannot be reached",
		Long: `Say why a NodePort service cannot be reached, or will not be: what the API
server refuses, node ports that are taken, selectors and target ports that lead
nowhere, pods that are not ready, network policies that keep clients out.

Services of the cluster are also tried, unless --static is given: node ports
from this machine and from the API server, pods from the API server and, where
one does not answer, on its loopback. A connection is made to each of some nodes
and pods, and HTTP ports are asked for the headers of their first page.

Services are those of the namespace, named ones, those in front of a workload or
pod (deploy/web), or those of manifests. Manifests are laid over the cluster of
the kubeconfig, if there is one, as if they were applied; with --static they are
checked by themselves.

With --watch they are checked again whenever the cluster changes, and now and
then, until nothing of the severity of --fail-on is found any more.

Findings are ignored by --ignore NP203, or by a file that --config names. The
annotation nodeport/ignore: "NP203: both are web" of the service, and the file
.nodeport.yaml of the working directory, ignore only findings that do not fail
the check: what is checked must not switch off its check.

The exit code is 0 when nothing was found, 1 when something of the severity of
--fail-on was, and 2 when the services could not be checked.`,
		Example: `  # Why can web not be reached?
  kubectl nodeport expose-check web

  # Is it reached at the external addresses of two nodes?
  kubectl nodeport expose-check web --nodes n1,n2 --address-type ExternalIP

  # Mend it meanwhile, and see when it is reached
  kubectl nodeport expose-check web --watch

  # All services of the cluster
  kubectl nodeport expose-check -A

  # All manifests of a repository, without a cluster
  kubectl nodeport expose-check -f . -R --static

  # The same for CI: a report for the code scanner, and one to read
  kubectl nodeport expose-check -f . -R --static -o sarif=report.sarif -o text

  # Will Kubernetes 1.33 accept these manifests?
  kubectl nodeport expose-check -f . -R --static --kubernetes-version 1.33

  # What a finding means
  kubectl nodeport expose-check --explain NP201`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if flags.explain != "" {
				return unchecked(f.explainRule(flags.explain))
			}
			o, err := flags.options(f, args)
			if err != nil {
				return unchecked(usage(cmd, err))
			}
			return o.run(cmd.Context())
		},
	}
	flags.add(cmd)
	f.addLocal(cmd)
	return cmd
}

func (o *exposeCheckOptions) run(ctx context.Context) error {
	if o.watch {
		return unchecked(o.follow(ctx))
	}
	report, err := o.report(ctx)
	if err != nil {
		return unchecked(err)
	}
	if o.local != "" {
		mendInManifests(report.Findings)
	}
	if err := o.write(report); err != nil {
		return unchecked(err)
	}
	switch {
	case report.Failed():
		return errReported
	case report.Blind():
		return unchecked(errors.New("nothing was looked at but the services themselves: you may not read pods, endpointslices and nodes"))
	}
	return nil
}

func (o *exposeCheckOptions) report(ctx context.Context) (*render.Report, error) {
	if o.files != nil {
		return o.checkFiles(ctx)
	}
	return o.checkCluster(ctx)
}
