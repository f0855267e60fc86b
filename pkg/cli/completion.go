package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// programName is that of the executable, for which the shells complete.
const programName = "kubectl-nodeport"

// kubectlScript is the program that kubectl calls to complete behind "kubectl
// nodeport" (k8s.io/kubectl pkg/cmd/plugin/plugin_completion.go). It is in the
// archives, and of what make install installs, too: plugins/kubectl_complete-nodeport.
const kubectlScript = `#!/bin/sh
# kubectl calls this to complete what follows "kubectl nodeport".
exec kubectl-nodeport __complete "$@"
`

func newCompletionCmd(f *factory) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell", "kubectl"}
	return &cobra.Command{
		Use:   "completion (" + strings.Join(shells, " | ") + ")",
		Short: "Print what completes commands on Tab",
		Long: `Print what completes commands, flags, and names of the cluster on Tab.

"kubectl nodeport" is completed by kubectl, whose own completion has to be set
up (kubectl completion --help). kubectl asks a program kubectl_complete-nodeport
on the PATH. It comes with the archives and with make install; krew does not put
it on the PATH, so that "completion kubectl" prints it.

"kubectl-nodeport", with a hyphen, is completed by the shell itself, for which
the other words print a script.`,
		Example: `  # For kubectl nodeport: a small program on the PATH
  kubectl nodeport completion kubectl > ~/.local/bin/kubectl_complete-nodeport
  chmod +x ~/.local/bin/kubectl_complete-nodeport

  # For kubectl-nodeport in bash, now and in new shells
  source <(kubectl nodeport completion bash)
  echo 'source <(kubectl nodeport completion bash)' >> ~/.bashrc

  # In zsh, fish and PowerShell
  source <(kubectl nodeport completion zsh)
  kubectl nodeport completion fish | source
  kubectl nodeport completion powershell | Out-String | Invoke-Expression`,
		ValidArgsFunction: cobra.FixedCompletions(shells, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{cmd, fmt.Errorf("name one of %s", strings.Join(shells, ", "))}
			}
			if err := writeCompletion(f.Out, newRootCmd(f), args[0]); err != nil {
				return &usageError{cmd, err}
			}
			return nil
		},
	}
}

// writeCompletion writes the script of a shell for the program, whose name root
// is given.
func writeCompletion(w io.Writer, root *cobra.Command, shell string) error {
	root.Use = programName
	root.Annotations = nil
	switch shell {
	case "bash":
		return root.GenBashCompletionV2(w, true)
	case "zsh":
		return root.GenZshCompletion(w)
	case "fish":
		return root.GenFishCompletion(w, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(w)
	case "kubectl":
		_, err := io.WriteString(w, kubectlScript)
		return err
	}
	return fmt.Errorf("there is no completion for %q; give one of bash, zsh, fish, powershell, kubectl", shell)
}
