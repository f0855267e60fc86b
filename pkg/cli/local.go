package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"
)

// addLocal gives a command the flag by which it works on a run of this machine
// as on a cluster.
func (f *factory) addLocal(cmd *cobra.Command) {
	cmd.Flags().Var((*runName)(&f.local), "local", "work on what \"kubectl nodeport run\" runs on this machine, instead of a cluster; --local=NAME for one with a name")
	cmd.Flags().Lookup("local").NoOptDefVal = local.DefaultName
}

// localConfig is how the run is reached that --local names: its API is that of
// a cluster, behind a socket.
func (f *factory) localConfig() *rest.Config {
	return cluster.Behind(func(ctx context.Context) (net.Conn, error) { return local.Dial(ctx, f.local) })
}

// runName is a flag with the name of a run.
type runName string

// String implements pflag.Value.
func (n *runName) String() string { return string(*n) }

// Type implements pflag.Value.
func (n *runName) Type() string { return "name" }

// Set implements pflag.Value.
func (n *runName) Set(name string) error {
	if !local.ValidName(name) {
		return fmt.Errorf("%q cannot be the name of a run; take up to 32 small letters, digits and dashes", name)
	}
	*n = runName(name)
	return nil
}

// explainRun says what to do where there is no run, or where there is one
// already; empty for other errors.
func explainRun(err error) string {
	var missing *local.NotRunningError
	var taken *local.TakenError
	switch {
	case errors.As(err, &missing) && len(missing.Others) > 0:
		flags := make([]string, len(missing.Others))
		for i, name := range missing.Others {
			flags[i] = "--local=" + name
		}
		return fmt.Sprintf("%s; there is %s", missing, strings.Join(flags, ", "))
	case errors.As(err, &missing) && missing.Name != local.DefaultName:
		return fmt.Sprintf("%s; kubectl nodeport run --name %s -f FILE starts one", missing, missing.Name)
	case errors.As(err, &missing):
		return fmt.Sprintf("%s; kubectl nodeport run -f FILE starts one", missing)
	case errors.As(err, &taken):
		return fmt.Sprintf("%s; give this one another name with --name", taken)
	}
	return ""
}

// nearRun says that a name is that of a run: with --local the name of one comes
// behind a "=".
func (f *factory) nearRun(ctx context.Context, name string) string {
	if f.local == "" || !local.ValidName(name) {
		return ""
	}
	conn, err := local.Dial(ctx, name)
	if err != nil {
		return ""
	}
	_ = conn.Close()
	return fmt.Sprintf("; to name the run, write --local=%s", name)
}

// mendInManifests words fixes for a run, on which kubectl does not work: it
// would change the cluster of the kubeconfig.
func mendInManifests(findings []check.Finding) {
	for i := range findings {
		switch fix := findings[i].Fix; {
		case strings.HasPrefix(fix, "kubectl describe "), strings.HasPrefix(fix, "kubectl logs "):
			findings[i].Fix = "look at what kubectl nodeport run says of the pod"
		case strings.HasPrefix(fix, "kubectl "):
			findings[i].Fix = "change the manifests that run serves as this would change a cluster: " + findings[i].Fix
		}
	}
}
