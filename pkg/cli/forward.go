package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/forward"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel"
)

func newForwardCmd(f *factory) *cobra.Command {
	flags := &forwardFlags{}
	cmd := &cobra.Command{
		Use:     "forward [NAME ...]",
		GroupID: groupServe,
		Short:   "Open a cluster's node ports on this machine",
		Long: `Open the node ports of a live cluster on this machine, under the same numbers,
and forward to all ready pods of each service, as the nodes do.

Nothing is installed in the cluster: connections go through the API server, as
those of kubectl port-forward do, or straight to the pods where their addresses
can be reached from here. Services and pods are followed as they come and go,
and a connection that a pod refuses is tried at another. Ctrl-C ends it.

UDP cannot pass through the API server.`,
		Example: `  # All NodePort services of the namespace
  kubectl nodeport forward

  # One service; its node port 30033 is taken here
  kubectl nodeport forward web --map 30033=8080

  # Every node at an address of its own: 127.0.0.1, 127.0.0.2 ...
  kubectl nodeport forward --nodes

  # What node n1 answers, to the whole local network
  kubectl nodeport forward web --node n1 --address 192.168.0.7`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := flags.options(f, args)
			if err != nil {
				return usage(cmd, err)
			}
			return o.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVarP(&flags.allNamespaces, "all-namespaces", "A", false, "forward the services of all namespaces")
	cmd.Flags().StringVarP(&flags.selector, "selector", "l", "", "forward only services with these labels, such as app=web,tier!=db")
	cmd.Flags().StringVar(&flags.via, "via", "auto", "how pods are reached: tunnel (the API server), direct (their addresses) or auto")
	cmd.Flags().StringSliceVar(&flags.addresses, "address", nil, "open the ports on these addresses of this machine (default 127.0.0.1 and, for IPv6, ::1)")
	cmd.Flags().IntVar(&flags.offset, "port-offset", 0, "add this to every node port")
	cmd.Flags().StringSliceVar(&flags.mapped, "map", nil, "open a node port under another number, as NODEPORT=PORT")
	cmd.Flags().BoolVar(&flags.nodes, "nodes", false, "give every node a loopback address of its own, and its view of traffic policies")
	cmd.Flags().StringVar(&flags.node, "node", "", "stand for this node: answer what it answers")
	cmd.Flags().StringVarP(&flags.output, "output", "o", "", "output format: json for a stream of events")
	flags.serve.add(cmd)
	return cmd
}

// run forwards until ctx is done: Ctrl-C is how it is meant to end.
func (o *forwardOptions) run(ctx context.Context) error {
	c, err := o.cluster()
	if err != nil {
		return err
	}
	vicinity, err := forward.Look()
	if err != nil {
		return err
	}
	_, restore := o.decouple()
	defer restore()
	teller := newTeller(o.factory, o.query.Namespace == "", o.json)
	tunnels, err := o.tunnels(teller)
	if err != nil {
		return err
	}
	defer tunnels.Close()
	dialer := forward.NewDialer(o.via, vicinity, tunnels)
	events := newEventQueue[engine.Event]()
	o.serve.engine.Dialer, o.serve.engine.Events = dialer, events.add
	o.serve.engine.Metrics = func(w io.Writer) { _ = tunnels.Stats().WriteMetrics(w) }
	o.serve.engine.ListenAddresses = o.place.Addresses
	o.serve.logAccess(o.factory, o.json)
	f := &forwarding{
		forwardOptions: o, dialer: dialer, engine: engine.New(o.serve.engine), teller: teller, events: events,
		leftOut: map[udpPort]bool{},
	}
	defer f.tellEvents()
	closeStatus, err := o.serve.serveStatus(f.engine)
	if err != nil {
		return err
	}
	defer closeStatus()
	return errors.Join(f.follow(ctx, c), o.serve.end(ctx, o.factory, f.engine))
}

// forwarding is a forward under way.
type forwarding struct {
	*forwardOptions
	dialer *forward.Dialer
	engine *engine.Engine
	teller *teller
	events *eventQueue[engine.Event]
	tables route.Builder
	began  bool
	// leftOut are the ports of which the user knows that they are not served.
	leftOut map[udpPort]bool
}

// follow serves the cluster's services as they change until ctx is done. What
// is wrong at the beginning ends it; what goes wrong later is told.
func (f *forwarding) follow(ctx context.Context, c *cluster.Cluster) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go f.tell(ctx)
	near := func(name string) string { return nearService(ctx, c, f.query.Namespace, name) }
	observer := f.observer(func(s *snapshot.Snapshot) {
		if !f.began && len(s.Services) == 0 && c.NoNamespace(ctx, f.query.Namespace) {
			cancel(fmt.Errorf("namespace %q does not exist", f.query.Namespace))
		} else if err := f.changed(s, near); err != nil {
			cancel(err)
		}
	})
	observer.NodesStay = func(error) { f.teller.note("nodes that come later are not seen: you may not watch nodes") }
	if err := c.Watch(ctx, f.query, observer); err != nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// tell says what the engine meets, until ctx is done.
func (f *forwarding) tell(ctx context.Context) {
	for {
		select {
		case <-f.events.ready:
			f.tellEvents()
		case <-ctx.Done():
			return
		}
	}
}

func (f *forwarding) tellEvents() {
	events, lost := f.events.take()
	for _, e := range events {
		f.teller.event(understood(e))
	}
	if lost > 0 {
		f.teller.note("%s", lostEvents(lost))
	}
}

// tunnels are those through the API server of the kubeconfig.
func (o *forwardOptions) tunnels(teller *teller) (*tunnel.Dialer, error) {
	config, err := o.flags.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	var fellBack sync.Once // of several tunnels that are opened at a time, all tell
	return tunnel.New(config, tunnel.Options{OnEvent: func(e tunnel.Event) {
		if e.Kind == tunnel.FellBack {
			fellBack.Do(func() { teller.note("tunnels go over SPDY, as WebSockets are refused: %v", e.Err) })
		}
	}})
}
