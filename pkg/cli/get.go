package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// getFlags are what the user typed.
type getFlags struct {
	allNamespaces bool
	selector      string
	nodes         []string
	watch         bool
	noHeaders     bool
	showLabels    bool
	sortBy        string
	files         fileFlags
	output        outputFlags
}

// getOptions are what get does.
type getOptions struct {
	*factory
	query   cluster.Query
	nodes   []string
	watch   bool
	files   *fileFlags // nil to ask the cluster
	listing listing
}

func newGetCmd(f *factory) *cobra.Command {
	flags := &getFlags{output: newOutputFlags("", "wide", "url", "markdown")}
	flags.output.columns = true
	cmd := &cobra.Command{
		Use:     "get [NAME ...]",
		Aliases: []string{"list", "ls"},
		GroupID: groupRead,
		Short:   "Show the node IPs and ports that reach services",
		Long: `Show the node IPs and ports that reach services: the three ports of each, its
ready and total endpoints, and the addresses of the nodes.

A node that will not answer is marked with the reason: it is not ready, or it
runs no endpoint of a service with externalTrafficPolicy Local.`,
		Example: `  # All NodePort services of the namespace
  kubectl nodeport get

  # One service, with all addresses of all nodes
  kubectl nodeport get web -o wide

  # Fetch a page from the first node that should answer
  curl "$(kubectl nodeport get web -o url | head -n 1)"

  # Columns of your own, by node port; -o yaml shows what there is
  kubectl nodeport get -A --sort-by .ports[0].nodePort -o custom-columns=PORT:.ports[*].nodePort,NAME:.metadata.name

  # The same for manifests, without a cluster
  kubectl nodeport get -f service.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := flags.options(f, args)
			if err != nil {
				return usage(cmd, err)
			}
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVarP(&flags.allNamespaces, "all-namespaces", "A", false, "show the services of all namespaces")
	cmd.Flags().StringVarP(&flags.selector, "selector", "l", "", "show only services with these labels, such as app=web,tier!=db")
	cmd.Flags().StringSliceVar(&flags.nodes, "node", nil, "show only the addresses of these nodes")
	cmd.Flags().BoolVarP(&flags.watch, "watch", "w", false, "after listing the services, list them again as they change")
	cmd.Flags().BoolVar(&flags.noHeaders, "no-headers", false, "leave the headers out")
	cmd.Flags().BoolVar(&flags.showLabels, "show-labels", false, "show the labels of services in a last column")
	cmd.Flags().StringVar(&flags.sortBy, "sort-by", "", "sort by a field of -o json, as a JSONPath expression such as .ports[0].nodePort")
	f.addLocal(cmd)
	flags.files.add(cmd, "show the services of these manifests instead of a cluster's")
	flags.output.add(cmd)
	return cmd
}

func (flags *getFlags) options(f *factory, args []string) (*getOptions, error) {
	printer, err := flags.output.printer()
	if err != nil {
		return nil, err
	}
	if columns, ok := printer.(*render.Columns); ok {
		columns.NoHeaders = flags.noHeaders
	}
	var order *render.Order
	if flags.sortBy != "" {
		if order, err = render.ParseOrder(flags.sortBy); err != nil {
			return nil, fmt.Errorf("--sort-by %s: %w", flags.sortBy, err)
		}
	}
	names, err := parseServices(args)
	if err != nil {
		return nil, err
	}
	if err := flags.validate(names); err != nil {
		return nil, err
	}
	namespace, where, err := f.scope(flags.allNamespaces)
	if err != nil {
		return nil, err
	}
	o := &getOptions{
		factory: f,
		query: cluster.Query{
			Namespace: namespace, Names: names, Selector: flags.selector, Slices: true, Nodes: true,
		},
		nodes: flags.nodes,
		watch: flags.watch,
		listing: listing{
			factory: f, format: flags.output.format(), printer: printer, noHeaders: flags.noHeaders,
			showLabels: flags.showLabels, order: order,
			single: len(names) == 1, namespaces: flags.allNamespaces, where: where, live: true,
		},
	}
	if flags.files.given() {
		o.files = &flags.files
		o.listing.live = false
	}
	return o, nil
}

func (flags *getFlags) validate(names []string) error {
	switch {
	case flags.allNamespaces && len(names) > 0:
		return errors.New("a service cannot be named across all namespaces; give -n NAMESPACE instead of -A")
	case flags.selector != "" && len(names) > 0:
		return errors.New("give names or a selector, not both")
	case flags.files.given() && flags.watch:
		return errors.New("manifests cannot be watched; leave out -w or -f")
	case flags.noHeaders && flags.output.format() == "markdown":
		return errors.New("a Markdown table is none without its headers; leave out --no-headers")
	case flags.showLabels && !slices.Contains([]string{"", "wide", "markdown"}, flags.output.format()):
		return fmt.Errorf("--show-labels option cannot be used with %s printer", flags.output.format())
	}
	return nil
}

func (o *getOptions) run(ctx context.Context) error {
	if o.files != nil {
		return o.fromFiles(ctx)
	}
	c, err := o.cluster()
	if err != nil {
		return err
	}
	if o.watch {
		return o.follow(ctx, c)
	}
	s, err := c.Read(ctx, o.query)
	if apierrors.IsNotFound(err) || err == nil && len(s.Services) == 0 {
		o.listing.where = emptyNamespace(ctx, c, o.query.Namespace, o.listing.where)
	}
	if err != nil {
		return o.notFound(err)
	}
	table := route.New(s)
	missing := o.missing(table, s, func(name string) string {
		return cmp.Or(o.nearRun(ctx, name), nearService(ctx, c, o.query.Namespace, name))
	})
	if len(table.Services) == 0 && missing != nil {
		return missing
	}
	if err := o.narrow(table, s); err != nil {
		return errors.Join(missing, err)
	}
	return errors.Join(o.listing.show(table, s), missing)
}

// missing is the error of the services that were named and cannot be shown;
// others are shown all the same. Near adds what could be meant by a name.
func (o *getOptions) missing(table *route.Table, s *snapshot.Snapshot, near func(name string) string) error {
	var errs []error
	for _, name := range o.query.Names {
		err := o.hasNodePort(name, table, s)
		if err != nil && s.Service(o.query.Namespace, name) == nil {
			err = fmt.Errorf("%w%s", err, near(name))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// notFound says where a service was looked for.
func (o *getOptions) notFound(err error) error {
	var status apierrors.APIStatus
	if apierrors.IsNotFound(err) && errors.As(err, &status) && status.Status().Details != nil {
		return fmt.Errorf("service %q not found in %s", status.Status().Details.Name, o.listing.where)
	}
	return err
}

// narrow leaves the nodes that were asked for, and refuses those that are not there.
func (o *getOptions) narrow(table *route.Table, s *snapshot.Snapshot) error {
	for _, name := range o.nodes {
		if s.Knows("nodes") && s.Node(name) == nil {
			return fmt.Errorf("node %q not found; kubectl get nodes lists them", name)
		}
	}
	o.leaveNodes(table, s)
	return nil
}

// hasNodePort is the error of a service that was named and cannot be shown.
func (o *getOptions) hasNodePort(name string, table *route.Table, s *snapshot.Snapshot) error {
	service := s.Service(o.query.Namespace, name)
	switch {
	case service == nil:
		return fmt.Errorf("service %q not found in %s", name, o.listing.where)
	case table.Service(o.query.Namespace, name) != nil:
		return nil
	}
	return noNodePort(service)
}

// noNodePort is the error of a service that has none.
func noNodePort(service *corev1.Service) error {
	switch service.Spec.Type {
	case corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer:
		return fmt.Errorf("service %q has no node port", service.Name)
	}
	return fmt.Errorf("service %q is of type %s, which has no node port", service.Name, service.Spec.Type)
}

// leaveNodes leaves the nodes that were asked for, if any were.
func (o *getOptions) leaveNodes(table *route.Table, s *snapshot.Snapshot) {
	if len(o.nodes) > 0 && s.Knows("nodes") {
		table.Nodes = slices.DeleteFunc(table.Nodes, func(n route.Node) bool { return !slices.Contains(o.nodes, n.Name) })
	}
}
