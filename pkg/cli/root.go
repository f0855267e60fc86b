// Package cli is the command line: one file for each command, which turns
// flags, as typed, into options, and options into calls of the packages below.
// Errors become messages and exit codes here, in one place.
package cli

import (
	"context"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// Run runs the program with its arguments and returns its exit code. Results
// go to the streams' Out; messages, warnings and progress to ErrOut. When ctx
// is done, a command ends what it is doing and says what it leaves behind.
func Run(ctx context.Context, args []string, streams genericiooptions.IOStreams) int {
	return run(ctx, args, streams, nil)
}

func run(ctx context.Context, args []string, streams genericiooptions.IOStreams, e *ending) int {
	f := newFactory(streams)
	f.ending = e
	root := newRootCmd(f)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return f.report(err)
}

// Root returns the command tree, for the generators of documentation.
func Root(streams genericiooptions.IOStreams) *cobra.Command {
	return newRootCmd(newFactory(streams))
}

const (
	groupWrite = "write"
	groupRead  = "read"
	groupServe = "serve"
)

func newRootCmd(f *factory) *cobra.Command {
	root := &cobra.Command{
		Use:   "nodeport",
		Short: "Author, apply and find NodePort services",
		Long: `Author NodePort services from pods, check them before they are created, see the
node IPs and ports that reach them, learn why one is not reached, and serve node
ports on this machine, with or without a cluster.

A packet passes three ports on its way, and every command writes them in this
order:

  client → node 10.1.11.4:30033 → service 10.3.11.5:82 → pod 10.2.1.7:300
                nodePort                  port               targetPort`,
		Example: `  kubectl nodeport create deploy/web --port 30033:82:300
  kubectl nodeport apply -f service.yaml
  kubectl nodeport get`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl nodeport"},
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SuggestionsMinimumDistance = 2
	root.SetIn(f.In)
	root.SetOut(f.Out)
	root.SetErr(f.ErrOut)
	root.CompletionOptions.DisableDefaultCmd = true // its scripts would be for a program called "nodeport"
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &usageError{cmd, nearFlag(cmd, err)} })
	f.flags.AddFlags(root.PersistentFlags())
	root.AddGroup(&cobra.Group{ID: groupWrite, Title: "Make services:"}, &cobra.Group{ID: groupRead, Title: "Find services and ports:"},
		&cobra.Group{ID: groupServe, Title: "Serve node ports on this machine:"})
	root.AddCommand(newCreateCmd(f), newApplyCmd(f), newGetCmd(f), newExposeCheckCmd(f), newPortsCmd(f), newRunCmd(f), newForwardCmd(f),
		newOptionsCmd(), newVersionCmd(f), newCompletionCmd(f))
	addCompletions(root, f)
	useTemplates(root)
	return root
}
