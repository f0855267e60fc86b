package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// portsFlags are what the user typed.
type portsFlags struct {
	allNamespaces bool
	free          int
	suggest       string
	nodePortRange string
	noHeaders     bool
	files         fileFlags
	output        outputFlags
}

// portsOptions are what ports does.
type portsOptions struct {
	*factory
	// ports are those asked for by number; none for the whole range.
	ports []int32
	// free is how many free ports to print; suggest the service to choose one for.
	free    int
	suggest string
	// namespace is that of the user, and the one to list if only is true.
	namespace string
	only      bool
	// nodePorts is the range that the user gave; zero to learn it.
	nodePorts nodeport.Range
	files     *fileFlags // nil to ask the cluster
	format    string
	printer   printers.ResourcePrinter
	noHeaders bool
}

func newPortsCmd(f *factory) *cobra.Command {
	flags := &portsFlags{output: newOutputFlags("", "wide", "markdown")}
	flags.output.without = "name" // ports have none
	cmd := &cobra.Command{
		Use:     "ports [NODEPORT ...]",
		GroupID: groupRead,
		Short:   "Show which node ports are free, and who has the others",
		Long: `Show the node port range of the cluster: which ports are free, and who has the
others. Services have node ports, and a LoadBalancer may have one more for health
checks; the API server gives each to one service of the whole cluster, whatever
its protocol. Pods may open the same ports on their nodes (hostPort,
hostNetwork), of which the API server knows nothing.

The range has two bands. The API server leaves the lower, static one to people
who choose a port, and draws from the dynamic one for services that name none.

With -f the ports are those that manifests ask for, without a cluster. The exit
code is then 1 when two services want the same port. The same service in several
folders, as in the overlays of environments, is one service.`,
		Example: `  # The range as a map, and who has which port
  kubectl nodeport ports

  # Who has 30033?
  kubectl nodeport ports 30033

  # Three free ones, of those that are left to people
  kubectl nodeport ports --free 3

  # A free one for service web, the same each time
  kubectl nodeport ports --suggest web

  # Do services of a repository, or of a Helm chart, want the same port?
  kubectl nodeport ports -f . -R
  helm template . | kubectl nodeport ports -f -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := flags.options(f, cmd, args)
			if err != nil {
				return usage(cmd, err)
			}
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVarP(&flags.allNamespaces, "all-namespaces", "A", false, "list the ports of all namespaces (the default; -n lists those of one)")
	cmd.Flags().IntVar(&flags.free, "free", 0, "print so many free ports, one in a line")
	cmd.Flags().StringVar(&flags.suggest, "suggest", "", "print a free port for the service of this name, the same each time")
	cmd.Flags().StringVar(&flags.nodePortRange, "node-port-range", "", "the API server's --service-node-port-range (default: what it tells, or 30000-32767)")
	cmd.Flags().BoolVar(&flags.noHeaders, "no-headers", false, "leave the headers and the map out")
	f.addLocal(cmd)
	flags.files.add(cmd, "look at the services and pods of these manifests instead of a cluster's")
	flags.output.add(cmd)
	return cmd
}

func (flags *portsFlags) options(f *factory, cmd *cobra.Command, args []string) (*portsOptions, error) {
	if err := flags.validate(cmd, args); err != nil {
		return nil, err
	}
	o := &portsOptions{factory: f, free: flags.free, suggest: flags.suggest, format: flags.output.format(), noHeaders: flags.noHeaders}
	var err error
	if o.printer, err = flags.output.printer(); err != nil {
		return nil, err
	}
	if o.ports, err = parseNodePorts(args); err != nil {
		return nil, err
	}
	if flags.nodePortRange != "" {
		if o.nodePorts, err = nodeport.ParseRange(flags.nodePortRange); err != nil {
			return nil, err
		}
		o.nodePorts.Learned = true
	}
	if o.namespace, o.only, err = f.namespace(); err != nil {
		return nil, err
	}
	if flags.allNamespaces {
		o.only = false
	}
	if flags.files.given() {
		o.files = &flags.files
	}
	return o, nil
}

func (flags *portsFlags) validate(cmd *cobra.Command, args []string) error {
	free, suggest := cmd.Flags().Changed("free"), cmd.Flags().Changed("suggest")
	switch {
	case free && flags.free < 1:
		return fmt.Errorf("--free %d: give the number of ports, 1 or more", flags.free)
	case suggest && flags.suggest == "":
		return errors.New("--suggest needs the name of a service")
	case free && suggest:
		return errors.New("give --free or --suggest, not both")
	case (free || suggest) && len(args) > 0:
		return fmt.Errorf("%q asks who has a port, and --free and --suggest for one that is free; give one of them", args[0])
	case flags.noHeaders && flags.output.format() == "markdown":
		return errors.New("a Markdown table is none without its headers; leave out --no-headers")
	}
	return nil
}

// parseNodePorts reads numbers of ports.
func parseNodePorts(args []string) ([]int32, error) {
	var ports []int32
	for _, arg := range args {
		port, err := strconv.ParseUint(arg, 10, 16)
		if errors.Is(err, strconv.ErrRange) || err == nil && port == 0 {
			return nil, fmt.Errorf("%q is not a port number, 1 to 65535", arg)
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not a port number, 1 to 65535; --suggest %s gives a free one for a service of that name", arg, arg)
		}
		ports = append(ports, int32(port))
	}
	return ports, nil
}

func (o *portsOptions) run(ctx context.Context) error {
	var ledger *nodeport.Ledger
	var uses []render.PortUse
	var err error
	complete := true
	if o.files != nil {
		ledger, uses, err = o.fromFiles(ctx)
		if ledger == nil {
			return err
		}
		complete = err == nil
	} else {
		ledger, uses, err = o.fromCluster(ctx)
		if err != nil {
			return err
		}
	}
	if err := o.show(ledger, &render.Ports{Range: ledger.Range, Uses: uses}); err != nil {
		return err
	}
	if o.files != nil && (o.tellCollisions(uses) || !complete) {
		return errReported
	}
	return nil
}
