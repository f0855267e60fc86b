package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/spelling"
)

// didYouMean asks for the word that is spelled most like a wrong one; it is
// empty when none is alike.
func didYouMean(word string, words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == word })
	near := spelling.Nearest(word, words)
	if near == "" && len(word) > 2 { // the beginning of a name, as it is often typed
		if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, word) }); i >= 0 {
			near = words[i]
		}
	}
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", render.Safe(near))
}

// nearService asks the cluster for a service with node ports whose name was
// meant. What cannot be asked soon is not asked.
func nearService(ctx context.Context, c *cluster.Cluster, namespace, name string) string {
	names, _ := soon(ctx, func(ctx context.Context) ([]string, error) { return servicesOf(ctx, c, namespace) })
	return didYouMean(name, names)
}

// nearFlag adds the flag that was meant to the error of one that is not there.
func nearFlag(cmd *cobra.Command, err error) error {
	word, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return err
	}
	var names []string
	add := func(flag *pflag.Flag) {
		if !flag.Hidden {
			names = append(names, flag.Name)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	if near := didYouMean(word, names); near != "" {
		return fmt.Errorf("%w%s", err, strings.Replace(near, `"`, `"--`, 1))
	}
	return err
}
