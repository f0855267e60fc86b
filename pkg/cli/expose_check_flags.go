package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// exposeCheckFlags are what the user typed.
type exposeCheckFlags struct {
	allNamespaces bool
	selector      string
	static        bool
	files         fileFlags
	nodePortRange string
	kubernetes    string
	outputs       []string
	failOn        string
	ignore        []string
	config        string
	explain       string
	watch         bool
	network       liveOptions
}

func (flags *exposeCheckFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&flags.allNamespaces, "all-namespaces", "A", false, "check the services of all namespaces")
	cmd.Flags().StringVarP(&flags.selector, "selector", "l", "", "check only services with these labels, such as app=web,tier!=db")
	flags.files.add(cmd, "check the services of these manifests")
	cmd.Flags().BoolVar(&flags.static, "static", false, "do not try the network; with -f, look at nothing but the manifests: ask no cluster")
	cmd.Flags().BoolVarP(&flags.watch, "watch", "w", false, "check again until nothing of the severity of --fail-on is found, and show what changes")
	cmd.Flags().StringVar(&flags.nodePortRange, "node-port-range", "", "the API server's --service-node-port-range, such as 30000-32767")
	cmd.Flags().StringVar(&flags.kubernetes, "kubernetes-version", "",
		"report what this version of Kubernetes refuses or ignores, such as 1.33 (default that of the cluster)")
	cmd.Flags().StringArrayVarP(&flags.outputs, "output", "o", []string{"text"},
		"output format: text, json, yaml, sarif, junit or github; FORMAT=FILE writes to a file; can be given several times")
	cmd.Flags().StringVar(&flags.failOn, "fail-on", "", "least severity for exit code 1: error, warning, info or never (default error)")
	cmd.Flags().StringArrayVar(&flags.ignore, "ignore", nil, "ignore findings of this id, such as NP104 or NP104=REASON")
	cmd.Flags().StringVar(&flags.config, "config", "", "file with settings for this command (default "+configName+", if there is one)")
	cmd.Flags().StringSliceVar(&flags.network.nodes, "nodes", nil, "try only these nodes, such as n1,n2")
	cmd.Flags().StringSliceVar(&flags.network.addressTypes, "address-type", nil, "try only node addresses of these types, such as ExternalIP")
	cmd.Flags().DurationVar(&flags.network.timeout, "timeout", 3*time.Second, "how long to wait for each connection")
	cmd.Flags().StringVar(&flags.explain, "explain", "", "say what findings of this id mean, such as NP201; or all")
}

func (flags *exposeCheckFlags) options(f *factory, args []string) (*exposeCheckOptions, error) {
	if err := flags.validate(args); err != nil {
		return nil, err
	}
	config, err := readConfig(flags.config)
	if err != nil {
		return nil, err
	}
	o := &exposeCheckOptions{factory: f, static: flags.static, watch: flags.watch, live: map[string]*snapshot.Snapshot{}, network: flags.network, ignore: config.ignores()}
	if err := o.settings(flags, config); err != nil {
		return nil, err
	}
	if o.selector, err = labels.Parse(flags.selector); err != nil {
		return nil, err
	}
	if err := o.scope(flags); err != nil {
		return nil, err
	}
	if o.targets, err = parseTargets(args, o.namespace); err != nil {
		return nil, err
	}
	if flags.files.given() {
		o.files = &flags.files
	}
	return o, nil
}

func (flags *exposeCheckFlags) validate(args []string) error {
	switch {
	case flags.allNamespaces && len(args) > 0:
		return errors.New("a service cannot be named across all namespaces; give -n NAMESPACE instead of -A")
	case flags.network.timeout <= 0:
		return errors.New("--timeout must be more than 0")
	case flags.selector != "" && len(args) > 0:
		return errors.New("give names or a selector, not both")
	case flags.watch && flags.files.given():
		return errors.New("manifests cannot be watched; leave out --watch or -f")
	case flags.watch && !slices.Equal(flags.outputs, []string{"text"}):
		return errors.New("--watch shows what changes as text; leave out -o")
	}
	return nil
}

// settings are those of the config file, but for what a flag says.
func (o *exposeCheckOptions) settings(flags *exposeCheckFlags, config *config) (err error) {
	failOn := o.setting("failOn", "--fail-on", flags.failOn, config.FailOn, config)
	ports := o.setting("nodePortRange", "--node-port-range", flags.nodePortRange, config.NodePortRange, config)
	if o.failOn, err = parseFailOn(failOn); err != nil {
		return err
	}
	o.taken = append(o.taken, config.ignoreSettings(o.failOn)...)
	o.tellSettings()
	if o.watch && o.failOn == 0 {
		return errors.New("--watch ends when nothing of the severity of --fail-on is found; give error, warning or info instead of never")
	}
	if ports != "" {
		if o.nodePorts, err = nodeport.ParseRange(ports); err != nil {
			return err
		}
		o.nodePorts.Learned = true
	}
	if o.kubernetes, err = parseKubernetesVersion(flags.kubernetes); err != nil {
		return err
	}
	for _, text := range flags.ignore {
		ignore, err := parseIgnore(text)
		if err != nil {
			return err
		}
		o.ignore = append(o.ignore, ignore)
	}
	o.outputs, err = parseOutputs(flags.outputs)
	return err
}

// scope is the namespace to look at, and how to call it.
func (o *exposeCheckOptions) scope(flags *exposeCheckFlags) (err error) {
	if flags.allNamespaces {
		o.namespace, o.where = metav1.NamespaceAll, "any namespace"
		return nil
	}
	o.namespace, _, err = o.factory.namespace()
	o.where = "namespace " + o.namespace
	return err
}

// parseFailOn reads a severity; empty is error. Never is 0.
func parseFailOn(word string) (check.Severity, error) {
	switch word {
	case "", "error":
		return check.Error, nil
	case "warning":
		return check.Warning, nil
	case "info":
		return check.Info, nil
	case "never":
		return 0, nil
	}
	return 0, fmt.Errorf("there is no severity %q to fail on; give error, warning, info or never", word)
}

// parseIgnore reads "NP104" and "NP104=REASON".
func parseIgnore(text string) (check.Ignore, error) {
	id, reason := text, "--ignore"
	for i, r := range text {
		if r == '=' || r == ':' {
			id, reason = text[:i], text[i+1:]
			break
		}
	}
	if strings.Contains(id, ",") {
		return check.Ignore{}, fmt.Errorf("%q is more than one id; give --ignore once for each, as a reason may hold commas", id)
	}
	if _, ok := check.RuleOf(id); !ok {
		return check.Ignore{}, fmt.Errorf("%q is the id of no finding; --explain all lists them", id)
	}
	return check.Ignore{ID: id, Reason: reason, By: "--ignore", Trusted: true}, nil
}
