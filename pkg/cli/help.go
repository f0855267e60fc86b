package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// usageTemplate is cobra's without the long list of kubectl's own flags, which
// "options" shows.
const usageTemplate = `Usage:{{if not .HasAvailableSubCommands}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND{{end}}{{if gt (len .Aliases) 0}}

Also known as: {{range $i, $alias := .Aliases}}{{if $i}}, {{end}}{{$alias}}{{end}}{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{$commands := .Commands}}{{range .Groups}}

{{.Title}}{{$id := .ID}}{{range $commands}}{{if and (eq .GroupID $id) .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableSubCommands}}

Other commands:{{range $commands}}{{if and (eq .GroupID "") .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}{{if not .HasAvailableSubCommands}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{end}}

{{if .HasAvailableSubCommands}}Use "{{.CommandPath}} COMMAND --help" for more about a command.
{{end}}Use "kubectl nodeport options" for the flags of all commands, such as -n and --context.
`

func useTemplates(root *cobra.Command) {
	root.SetUsageTemplate(usageTemplate)
	root.InitDefaultHelpCmd()
	root.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return &usageError{cmd, unknownCommand(cmd, args[0])}
	}
	root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

func unknownCommand(cmd *cobra.Command, name string) error {
	message := fmt.Sprintf("unknown command %q", name)
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		message += fmt.Sprintf("; did you mean %q?", near[0])
	}
	return errors.New(message)
}

// behind tells where kubectl wants its flags.
const behind = `They come behind the plugin's name: kubectl passes none to a plugin that stand in
front of it, and refuses them.

  kubectl nodeport get -n shop      # this works
  kubectl -n shop nodeport get      # kubectl: flags cannot be placed before plugin name`

// newOptionsCmd shows the flags that all commands have from kubectl.
func newOptionsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "options",
		Short: "Show the flags of all commands",
		Long:  "Show the flags that all commands have, which are those of kubectl.\n\n" + behind,
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			_, err := fmt.Fprintf(out, "The following flags can be given to any command:\n\n%s\n%s\n",
				cmd.Root().PersistentFlags().FlagUsages(), behind)
			return err
		},
	}
	return cmd
}

// noArgs refuses what a command does not take, with the usual hint.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{cmd, fmt.Errorf("%s takes no arguments, but got %q", cmd.Name(), args[0])}
	}
	return nil
}
