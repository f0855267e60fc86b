package cli

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// serveFlags are what the user typed for a command that opens node ports on
// this machine.
type serveFlags struct {
	strict         bool
	drain          time.Duration
	proxyProtocol  int
	maxConnections int
	accessLog      string
	status         string
}

// serveOptions are how such a command serves.
type serveOptions struct {
	engine engine.Options
	drain  time.Duration
	// accessLog is "text", "json", or empty for none.
	accessLog string
	// status is where metrics and the like are served; the zero AddrPort is nowhere.
	status netip.AddrPort
	// commands is whether commands of --exec run, which take time to end.
	commands bool
}

func (flags *serveFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&flags.strict, "strict", false, "do as kube-proxy does: a connection that its pod refuses is not tried at another one")
	cmd.Flags().DurationVar(&flags.drain, "drain", 5*time.Second, "how long connections may go on after Ctrl-C; a second Ctrl-C ends them")
	cmd.Flags().IntVar(&flags.proxyProtocol, "proxy-protocol", 0, "tell pods the client's address by the PROXY protocol, version 1 or 2")
	cmd.Flags().IntVar(&flags.maxConnections, "max-connections", 0, "how many connections are taken at a time (default: what file descriptors allow)")
	cmd.Flags().StringVar(&flags.accessLog, "access-log", "", "write a line for every connection that has ended: text or json; with -o json it is an event")
	cmd.Flags().Lookup("access-log").NoOptDefVal = "text"
	cmd.Flags().StringVar(&flags.status, "status", "", "serve /metrics, /healthz and /status at this loopback address, such as 127.0.0.1:9090")
}

func (flags *serveFlags) options() (serveOptions, error) {
	o := serveOptions{drain: flags.drain, accessLog: flags.accessLog}
	switch {
	case flags.proxyProtocol < 0 || flags.proxyProtocol > 2:
		return o, fmt.Errorf("--proxy-protocol is 1 or 2, not %d", flags.proxyProtocol)
	case flags.maxConnections < 0:
		return o, fmt.Errorf("--max-connections cannot be negative, as %d is", flags.maxConnections)
	case engine.MostConnections() > 0 && flags.maxConnections > engine.MostConnections():
		return o, fmt.Errorf("--max-connections=%d is more than the open files that are allowed here suffice for: give at most %d, or raise the limit (ulimit -n)",
			flags.maxConnections, engine.MostConnections())
	case flags.drain < 0:
		return o, fmt.Errorf("--drain cannot be negative, as %s is", flags.drain)
	case flags.accessLog != "" && flags.accessLog != "text" && flags.accessLog != "json":
		return o, fmt.Errorf("--access-log is text or json, not %q", flags.accessLog)
	}
	if flags.status != "" {
		var err error
		if o.status, err = netip.ParseAddrPort(flags.status); err != nil || !o.status.Addr().IsLoopback() {
			return o, fmt.Errorf("--status wants a loopback address with a port, such as 127.0.0.1:9090, not %q", flags.status)
		}
	}
	o.engine = engine.Options{
		Strict: flags.strict, ProxyProtocol: flags.proxyProtocol,
		MaxConnections: flags.maxConnections, MaxSessions: flags.maxConnections,
	}
	return o, nil
}

// logAccess has every connection that ends written to Out, if that was asked
// for: among events in JSON, as one of them. Out must not make traffic wait.
func (o *serveOptions) logAccess(f *factory, events bool) {
	if o.accessLog == "" {
		return
	}
	out, json := f.Out, events || o.accessLog == "json"
	o.engine.Access = func(access *engine.Access) {
		_ = render.AccessLine(out, access, json, f.terminal.glyphs)
	}
}

// serveStatus serves what is known of an engine until closeStatus is called.
func (o *serveOptions) serveStatus(of *engine.Engine) (closeStatus func(), err error) {
	if !o.status.IsValid() {
		return func() {}, nil
	}
	closeStatus, err = of.ServeStatus(o.status)
	if err != nil {
		return nil, fmt.Errorf("cannot serve the status: %w", err)
	}
	return closeStatus, nil
}

// server is what serves: an engine, or a cluster of this machine.
type server interface {
	Shutdown(ctx context.Context) error
	Connections() int
}

// endMargin is how long a command that serves may take beyond its drain to end
// what it has started.
const endMargin = 10 * time.Second

// end shuts a server down: connections may go on as long as the drain, or
// until Ctrl-C is pressed once more. To be stopped is what a command that
// serves waits for, and no error.
func (o *serveOptions) end(ctx context.Context, f *factory, server server) error {
	defer f.ending.extend(o.drain + endMargin)()
	again := f.ending.second()
	if ctx.Err() == nil { // an error ends it, and the first Ctrl-C is yet to come
		again = ctx.Done()
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.drain)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- server.Shutdown(drain) }()
	long := time.NewTimer(300 * time.Millisecond)
	defer long.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				f.say("note: connections that were still open after %s were cut", o.drain)
			}
			return nil
		case <-again:
			cancel()
			<-done
			return context.Canceled
		case <-long.C:
			switch {
			case server.Connections() > 0:
				f.say("note: connections are open still, which have %s to end; Ctrl-C cuts them now", o.drain)
			case o.commands:
				f.say("note: waiting for the commands to end")
			}
		}
	}
}
