package cli

import (
	"context"
	"fmt"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
)

// factory gives commands what they need from outside. Its functions are lazy:
// help and validation touch neither kubeconfig nor network.
type factory struct {
	genericiooptions.IOStreams
	terminal terminal
	flags    *genericclioptions.ConfigFlags
	cluster  func() (*cluster.Cluster, error)
	// local is the name of the run of this machine that stands for the cluster;
	// empty for the cluster of the kubeconfig.
	local string
	// ending is how signals end the process; nil where they do not.
	ending *ending
}

func newFactory(streams genericiooptions.IOStreams) *factory {
	f := &factory{
		IOStreams: streams,
		terminal:  newTerminal(streams),
		flags:     genericclioptions.NewConfigFlags(true),
	}
	f.cluster = sync.OnceValues(f.connect)
	return f
}

// connect makes no request.
func (f *factory) connect() (*cluster.Cluster, error) {
	config, err := f.config()
	if err != nil {
		return nil, err
	}
	config.WarningHandler = rest.NewWarningWriter(f.ErrOut, rest.WarningWriterOptions{Deduplicate: true})
	return cluster.New(config)
}

// config is how the cluster is reached.
func (f *factory) config() (*rest.Config, error) {
	if f.local != "" {
		return f.localConfig(), nil
	}
	return f.flags.ToRESTConfig()
}

// namespace is that of the flag, or else of the kubeconfig's context. given
// tells that it is the flag's.
func (f *factory) namespace() (namespace string, given bool, err error) {
	namespace, given, err = f.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		err = &configError{err}
	}
	return namespace, given, err
}

// scope is the namespace to look at, all of them for -A, and how to call it.
func (f *factory) scope(allNamespaces bool) (namespace, where string, err error) {
	if allNamespaces {
		return metav1.NamespaceAll, "any namespace", nil
	}
	namespace, _, err = f.namespace()
	return namespace, "namespace " + namespace, err
}

// configured tells whether a kubeconfig or a flag names a cluster.
func (f *factory) configured() bool {
	if f.local != "" {
		return true
	}
	config, err := f.flags.ToRawKubeConfigLoader().RawConfig()
	return err != nil || len(config.Clusters) > 0 || *f.flags.APIServer != ""
}

// say writes one message for the user, who reads it on ErrOut.
func (f *factory) say(format string, args ...any) {
	fmt.Fprintln(f.ErrOut, strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
}

// emptyNamespace is how to call a namespace in which nothing was found.
func emptyNamespace(ctx context.Context, c *cluster.Cluster, namespace, where string) string {
	if c.NoNamespace(ctx, namespace) {
		return where + ", which does not exist"
	}
	return where
}
