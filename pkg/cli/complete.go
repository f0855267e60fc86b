package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// completer offers words for what is typed when Tab is pressed. What the
// cluster has it asks for at most soonLimit, and offers nothing when that fails.
type completer struct{ *factory }

// words offers some of given words.
type words func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective)

// addCompletions tells cobra what can follow which command and flag.
func addCompletions(root *cobra.Command, f *factory) {
	c := completer{f}
	flags := map[string]words{
		"namespace":      c.names("Namespace"),
		"context":        c.kubeconfig(contexts),
		"cluster":        c.kubeconfig(clusters),
		"user":           c.kubeconfig(users),
		"node":           c.names("Node"),
		"nodes":          c.names("Node"),
		"output":         outputs,
		"suggest":        c.names("Service"),
		"explain":        ruleIDs,
		"ignore":         ruleIDs,
		"address-type":   only("InternalIP", "ExternalIP", "Hostname", "InternalDNS", "ExternalDNS"),
		"app-protocol":   only("http", "https", "kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss"),
		"check":          only("strict\tstop", "warn\tgo on", "ignore\tdo not check"),
		"dry-run":        only("none", "client\tsend nothing that writes", "server\tthe API server checks, and keeps nothing"),
		"fail-on":        only("error", "warning", "info", "never"),
		"ip-family":      only("IPv4", "IPv6"),
		"filename":       files,
		"recursive":      only("true", "false"),
		"wait":           only("true", "false"),
		"kubeconfig":     files,
		"all-namespaces": only("true", "false"),
		"via":            only("auto\tas this machine can", "tunnel\tthrough the API server", "direct\tby the pods' addresses"),
		"access-log":     only("text", "json"),

		"ip-family-policy":        only("SingleStack", "PreferDualStack", "RequireDualStack"),
		"external-traffic-policy": only("Cluster", "Local"),
		"internal-traffic-policy": only("Cluster", "Local"),
		"session-affinity":        only("None", "ClientIP"),
	}
	args := map[string]words{
		"get":           c.names("Service"),
		"create":        c.sources("Pod"),
		exposeCheckName: c.sources("Service"),
		"ports":         c.heldPorts,
		"forward":       c.names("Service"),
		"run":           only(),
		"apply":         only(),
		"options":       only(),
		"version":       only(),
	}
	register(root, flags)
	for _, cmd := range root.Commands() {
		register(cmd, flags)
		if offer, ok := args[cmd.Name()]; ok {
			cmd.ValidArgsFunction = cobra.CompletionFunc(offer)
		}
	}
}

// register offers words for those flags that a command has itself.
func register(cmd *cobra.Command, flags map[string]words) {
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		flag := cmd.Flags().Lookup(name)
		if flag == nil {
			flag = cmd.PersistentFlags().Lookup(name)
		}
		if flag != nil && flag.Value.Type() != "int" && flag.Value.Type() != "bool" { // other flags have the name of --nodes, too
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.CompletionFunc(flags[name])) // fails for flags that are not there, or are told twice
		}
	}
}

// only offers words that are always the same, with what they mean behind a tab.
func only(all ...string) words {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return beginning(all, typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

func files(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// outputs offers the formats that the flag's own help lists.
func outputs(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	_, list, _ := strings.Cut(cmd.Flags().Lookup("output").Usage, ": ")
	list, _, _ = strings.Cut(list, ";")
	list, _, _ = strings.Cut(list, " for ")
	formats := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	formats = slices.DeleteFunc(formats, func(word string) bool { return word == "or" })
	return beginning(formats, typed), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func ruleIDs(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var ids []string
	for _, rule := range check.Rules() {
		ids = append(ids, rule.ID+"\t"+rule.Title)
	}
	return beginning(ids, typed), cobra.ShellCompDirectiveNoFileComp
}

// names offers the names of the objects of a kind, those that were not typed yet.
func (c completer) names(kind string) words {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		names := slices.DeleteFunc(c.list(cmd.Context(), kind), func(name string) bool { return slices.Contains(args, name) })
		return beginning(names, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// sources offers names of a kind, TYPE/ for others, and the names behind it.
func (c completer) sources(kind string) words {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		none := cobra.ShellCompDirectiveNoFileComp
		if word, _, found := strings.Cut(typed, "/"); found {
			other, ok := snapshot.ParseKind(word)
			if !ok {
				return nil, none
			}
			names := c.list(cmd.Context(), other)
			for i := range names {
				names[i] = word + "/" + names[i]
			}
			return beginning(names, typed), none
		}
		if other, ok := snapshot.ParseKind(first(args)); ok && len(args) == 1 { // TYPE NAME, as kubectl takes it
			return beginning(c.list(cmd.Context(), other), typed), none
		}
		if kind == "Pod" && len(args) > 0 {
			return nil, none // create takes one
		}
		offered := beginning(c.list(cmd.Context(), kind), typed)
		types := beginning([]string{"deployment/", "statefulset/", "daemonset/", "replicaset/", "job/", "pod/"}, typed)
		if len(offered) == 0 && len(types) == 1 {
			none |= cobra.ShellCompDirectiveNoSpace
		}
		return append(offered, types...), none
	}
}

// heldPorts offers the node ports that services have.
func (c completer) heldPorts(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	s, _ := soon(cmd.Context(), func(ctx context.Context) (*snapshot.Snapshot, error) {
		namespace, _, err := c.namespace()
		if err != nil {
			return nil, err
		}
		api, err := c.cluster()
		if err != nil {
			return nil, err
		}
		return api.Read(ctx, cluster.Query{Namespace: namespace, PortsEverywhere: true})
	})
	if s == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ports []string
	ledger := nodeport.NewLedger(nodeport.Range{}, s.Services)
	for _, port := range ledger.Ports() {
		number := fmt.Sprint(port)
		if !slices.Contains(args, number) {
			ports = append(ports, number+"\t"+render.Safe(ledger.Holders[port][0].String()))
		}
	}
	return beginning(ports, typed), cobra.ShellCompDirectiveNoFileComp
}

// list asks the cluster for names, of services for those with node ports. What a shell could mistake for something
// else is left out: no API server takes such names.
func (c completer) list(ctx context.Context, kind string) []string {
	names, _ := soon(ctx, func(ctx context.Context) ([]string, error) {
		namespace, _, err := c.namespace()
		if err != nil {
			return nil, err
		}
		api, err := c.cluster()
		if err != nil {
			return nil, err
		}
		if kind == "Service" {
			return servicesOf(ctx, api, namespace)
		}
		return api.Names(ctx, kind, namespace)
	})
	return slices.DeleteFunc(names, func(name string) bool {
		return strings.ContainsFunc(name, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != ':'
		})
	})
}

func servicesOf(ctx context.Context, api *cluster.Cluster, namespace string) ([]string, error) {
	s, err := api.Read(ctx, cluster.Query{Namespace: namespace})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, service := range s.Services {
		names = append(names, service.Name)
	}
	return names, nil
}

// part is one of the maps of a kubeconfig.
type part int

const (
	contexts part = iota
	clusters
	users
)

// kubeconfig offers names that the kubeconfig gives.
func (c completer) kubeconfig(p part) words {
	return func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var names []string
		if config, err := c.flags.ToRawKubeConfigLoader().RawConfig(); err == nil {
			switch p {
			case contexts:
				names = slices.Sorted(maps.Keys(config.Contexts))
			case clusters:
				names = slices.Sorted(maps.Keys(config.Clusters))
			case users:
				names = slices.Sorted(maps.Keys(config.AuthInfos))
			}
		}
		return beginning(names, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// beginning leaves the words that begin with what was typed.
func beginning(all []string, typed string) []cobra.Completion {
	var found []cobra.Completion
	for _, word := range all {
		if strings.HasPrefix(word, typed) {
			found = append(found, word)
		}
	}
	return found
}
