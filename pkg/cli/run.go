package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// runFlags are what the user typed.
type runFlags struct {
	files         fileFlags
	nodes         int
	nodePortRange string
	clusterIPs    bool
	backends      []string
	commands      []string
	name          runName
	save          string
	output        string
	serve         serveFlags
}

// runOptions are what run does.
type runOptions struct {
	*factory
	source    manifest.Source
	namespace string
	machine   local.Options
	ignore    []check.Ignore
	serve     serveOptions
	// name is by what the other commands find the run; save is the folder for
	// what they have added to it, empty not to keep it.
	name, save string
	// saver keeps them; nil for nobody.
	saver *saver
	json  bool
}

func newRunCmd(f *factory) *cobra.Command {
	flags := &runFlags{}
	cmd := &cobra.Command{
		Use:     "run -f FILE ...",
		GroupID: groupServe,
		Short:   "Run the services of manifests on this machine, without a cluster",
		Long: `Run the NodePort services of manifests on this machine, without a cluster: with
their real node ports, on several local nodes, by the rules of kube-proxy.

The nodes are those of the manifests, or else node-1, node-2 and so on. Their
addresses are 127.0.0.1, 127.0.0.2 and so on, where the system has those: macOS
has but the first. Pods are spread over them as a scheduler would.

What stands for a pod is an application that runs already (--backend), a command
that is started for it (--exec), or else a stand-in that answers HTTP and says
which way the request came, and sends back what comes by other TCP and by UDP.
Applications get traffic as long as the readiness probes of their pods succeed,
which are made more often while one starts. Startup and liveness probes are not
made: nothing is started again but a command that ends. Commands find where to
listen in PORT and HOST, the port that is called http in PORT_HTTP, and POD_NAME,
POD_NAMESPACE, POD_IP and NODE_NAME. No manifest starts a program.

The files are watched, and edits are followed. A broken edit is told, and what
ran before runs on. A service that is applied with --local takes the place of one
of the manifests, until these say something else of it: whoever spoke last is
right.`,
		Example: `  # The services and pods of a folder
  kubectl nodeport run -f testdata/tutorial

  # An application that runs already, and two processes of another
  kubectl nodeport run -f shop/ --backend web=127.0.0.1:3000 --exec 'api=./api -listen :$PORT'

  # On one node
  kubectl nodeport run -f web.yaml --nodes 1`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := flags.options(f, args)
			if err != nil {
				return usage(cmd, err)
			}
			return o.run(cmd.Context())
		},
	}
	flags.add(cmd)
	return cmd
}

func (flags *runFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	flags.files.add(cmd, "the manifests to run")
	fs.IntVar(&flags.nodes, "nodes", 0, "how many nodes there are when the manifests hold none (default: 3, or 1 where only 127.0.0.1 exists)")
	fs.StringVar(&flags.nodePortRange, "node-port-range", "", "the range from which node ports are chosen (default: "+nodeport.Default().String()+")")
	fs.BoolVar(&flags.clusterIPs, "cluster-ips", true, "open the services' own ports, too, on loopback addresses such as 127.3.11.5 for 10.3.11.5")
	fs.StringArrayVar(&flags.backends, "backend", nil, "what runs already and stands for the pods of a name, or of a workload, as NAME=HOST:PORT[,…], one for each pod in turn; can be given several times")
	fs.StringArrayVar(&flags.commands, "exec", nil, "what is started for each pod of a name, or of a workload, as 'NAME=COMMAND'; can be given several times")
	flags.name = local.DefaultName
	fs.Var(&flags.name, "name", "name of the run, by which --local=NAME of other commands finds it")
	fs.StringVar(&flags.save, "save", "", "folder in which services that are created or applied with --local are saved at once, one file each")
	fs.StringVarP(&flags.output, "output", "o", "", "output format: json for a stream of events")
	flags.serve.add(cmd)
}

func (flags *runFlags) options(f *factory, args []string) (*runOptions, error) {
	if err := flags.validate(args); err != nil {
		return nil, err
	}
	config, err := readConfig("")
	if err != nil {
		return nil, err
	}
	o := &runOptions{factory: f, ignore: config.ignores(), name: string(flags.name), save: flags.save, json: flags.output == "json"}
	o.source = manifest.Source{Paths: flags.files.paths, Recursive: flags.files.recursive}
	if o.serve, err = flags.serve.options(); err != nil {
		return nil, err
	}
	o.machine = local.Options{Nodes: flags.nodes, ClusterIPs: flags.clusterIPs, Engine: o.serve.engine, Supervisor: supervisor()}
	if o.machine.Backends, err = parseBackends(flags.backends); err != nil {
		return nil, err
	}
	if o.machine.Commands, err = parseCommands(flags.commands, o.machine.Backends); err != nil {
		return nil, err
	}
	o.serve.commands = len(o.machine.Commands) > 0
	if flags.nodePortRange != "" {
		if o.machine.NodePorts, err = nodeport.ParseRange(flags.nodePortRange); err != nil {
			return nil, err
		}
		o.machine.NodePorts.Learned = true
	}
	o.namespace, _, err = f.namespace()
	o.machine.Namespace = o.namespace
	return o, err
}

func (flags *runFlags) validate(args []string) error {
	switch {
	case len(args) > 0:
		return fmt.Errorf("%q is not taken; give the manifests with -f", args[0])
	case !flags.files.given():
		return errors.New("give the manifests to run with -f")
	case flags.nodes < 0:
		return fmt.Errorf("--nodes=%d is less than 1", flags.nodes)
	case !slices.Contains([]string{"", "json"}, flags.output):
		return fmt.Errorf("there is no output format %q; give json", flags.output)
	}
	return nil
}

// socket is that at which the other commands find the run; nil where none can
// be opened, which is told.
func (o *runOptions) socket() (net.Listener, error) {
	socket, err := local.Listen(o.name)
	var without *local.NoSocketError
	if errors.As(err, &without) {
		o.say("note: --local of other commands will not find this run: %s", render.Safe(without.Error()))
		return nil, nil
	}
	return socket, err
}

func (o *runOptions) run(ctx context.Context) error {
	if slices.Contains(o.source.Paths, "-") {
		stdin, err := manifest.Buffered(ctx, o.In)
		if err != nil {
			return err
		}
		o.source.Stdin = stdin
	}
	out, restore := o.decouple()
	defer restore()
	o.serve.logAccess(o.factory, o.json)
	stamp := o.source.Stamp()
	set, _, err := o.read(ctx)
	if err != nil {
		return err
	}
	if err := o.knowsPods(set); err != nil {
		return err
	}
	withoutSave, err := o.prepareSave()
	if err != nil {
		return err
	}
	defer withoutSave()
	socket, err := o.socket()
	if err != nil {
		return err
	}
	if socket != nil {
		defer socket.Close()
	}
	events := newEventQueue[local.Event]()
	o.machine.Engine.Access, o.machine.Events = o.serve.engine.Access, queueing(events)
	c, err := local.New(o.machine)
	if err != nil {
		return err
	}
	closeStatus, err := o.serve.serveStatus(c.Engine())
	if err != nil {
		return err
	}
	defer closeStatus()
	c.Load(set)
	answering, stop := context.WithCancel(ctx)
	defer stop()
	if socket != nil {
		go func() { _ = c.Serve(answering, socket) }() // it ends with the run
	}
	teller := newRunTeller(o, c)
	if !o.json { // which has no list
		o.awaitReady(ctx, teller, events, out)
	}
	if err = teller.start(); err == nil {
		err = o.follow(ctx, c, teller, events, out, stamp)
	}
	events.end()
	return errors.Join(err, o.keep(c.Added()), o.serve.end(ctx, o.factory, c))
}
