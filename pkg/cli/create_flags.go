package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/author"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// createFlags are what the user typed.
type createFlags struct {
	files                 fileFlags
	name                  string
	ports                 []string
	nodePort              int32
	selector              []string
	labels, annotations   []string
	externalTrafficPolicy string
	internalTrafficPolicy string
	sessionAffinity       string
	affinityTimeout       time.Duration
	ipFamilies            []string
	ipFamilyPolicy        string
	appProtocols          []string
	publishNotReady       bool
	write                 writeFlags
	output                outputFlags
}

func (flags *createFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	flags.files.add(cmd, "create services from the pods and workloads of these manifests")
	fs.StringVar(&flags.name, "name", "", "name of the service (default: that of the pod or workload)")
	fs.StringArrayVar(&flags.ports, "port", nil,
		"a port as [NAME=][[NODEPORT:]PORT:]TARGETPORT[/PROTOCOL], such as 30033:82:300; can be given several times (default: all ports of the containers)")
	fs.Int32Var(&flags.nodePort, "node-port", 0, "node port of a service with one port (default: chosen by the API server)")
	fs.StringSliceVar(&flags.selector, "selector", nil, "labels of the pods, as key=value,… (default: the workload's selector or the pod's labels)")
	fs.StringSliceVarP(&flags.labels, "labels", "l", nil, "labels of the service, as key=value,…, besides those of the pod or workload")
	fs.StringArrayVar(&flags.annotations, "annotation", nil, "an annotation of the service, as key=value; can be given several times")
	fs.StringVar(&flags.externalTrafficPolicy, "external-traffic-policy", "", "Cluster, or Local to serve only from pods on the node that is asked, which keeps the client's address")
	fs.StringVar(&flags.internalTrafficPolicy, "internal-traffic-policy", "", "Cluster or Local, for traffic from inside the cluster")
	fs.StringVar(&flags.sessionAffinity, "session-affinity", "", "None, or ClientIP to lead a client to the same pod again")
	fs.DurationVar(&flags.affinityTimeout, "session-affinity-timeout", 0, "how long a client is led to the same pod, such as 30m (default: 3h)")
	fs.StringSliceVar(&flags.ipFamilies, "ip-family", nil, "IPv4, IPv6 or both, the first one preferred")
	fs.StringVar(&flags.ipFamilyPolicy, "ip-family-policy", "", "SingleStack, PreferDualStack or RequireDualStack")
	fs.StringSliceVar(&flags.appProtocols, "app-protocol", nil, "application protocol of a port, as [PORTNAME=]PROTOCOL, such as http")
	fs.BoolVar(&flags.publishNotReady, "publish-not-ready-addresses", false, "lead to pods that are not ready, too")
	flags.write.add(cmd)
	flags.output.add(cmd)
}

func (flags *createFlags) options(f *factory, args []string) (*createOptions, error) {
	write, err := flags.write.options()
	if err != nil {
		return nil, err
	}
	o := &createOptions{factory: f, writeOptions: write}
	if o.result, err = newResult(f, &flags.output, write.dryRun); err != nil {
		return nil, err
	}
	if o.namespace, _, err = f.namespace(); err != nil {
		return nil, err
	}
	if o.author, err = flags.authorOptions(); err != nil {
		return nil, err
	}
	if o.files, err = flags.source(args); err != nil || o.files != nil {
		return o, err
	}
	o.source, err = parseSource(strings.Join(args, "/"), o.namespace)
	return o, err
}

// source returns the manifests to create from, or nil for the cluster.
func (flags *createFlags) source(args []string) (*fileFlags, error) {
	switch {
	case flags.files.given() && len(args) > 0:
		return nil, fmt.Errorf("give %q or -f, not both", args[0])
	case flags.files.given():
		return &flags.files, nil
	case len(args) == 0:
		return nil, errors.New("name a pod or TYPE/NAME to create a service from, or give -f FILE")
	case len(args) == 2 && isKind(args[0]): // TYPE NAME, as kubectl takes it
	case len(args) > 1:
		return nil, fmt.Errorf("one pod or TYPE/NAME is taken, but got %q too", args[1])
	}
	return nil, nil
}

func isKind(word string) bool {
	_, ok := snapshot.ParseKind(word)
	return ok
}

// parseSource reads POD or TYPE/NAME.
func parseSource(arg, namespace string) (snapshot.Ref, error) {
	word, name, found := strings.Cut(arg, "/")
	if !found {
		word, name = "pod", arg
	}
	kind, ok := snapshot.ParseKind(word)
	switch {
	case !ok:
		return snapshot.Ref{}, fmt.Errorf("a service cannot be created from a %q; give a pod, deployment, statefulset, daemonset, replicaset, replicationcontroller or job", word)
	case kind == "Service":
		return snapshot.Ref{}, fmt.Errorf("%q is a service already; create takes the pod or workload behind it", arg)
	case kind == "Node":
		return snapshot.Ref{}, fmt.Errorf("%q is a node; create takes a pod or workload", arg)
	case name == "":
		return snapshot.Ref{}, fmt.Errorf("%q has no name; give TYPE/NAME", arg)
	}
	return snapshot.Ref{Kind: kind, Namespace: namespace, Name: name}, nil
}

func (flags *createFlags) authorOptions() (o author.Options, err error) {
	o = author.Options{
		Name:                     flags.name,
		NodePort:                 flags.nodePort,
		AffinityTimeout:          flags.affinityTimeout,
		PublishNotReadyAddresses: flags.publishNotReady,
	}
	for _, s := range flags.ports {
		port, err := author.ParsePort(s)
		if err != nil {
			return o, err
		}
		o.Ports = append(o.Ports, port)
	}
	for _, s := range flags.ipFamilies {
		family, err := author.ParseIPFamily(s)
		if err != nil {
			return o, err
		}
		o.IPFamilies = append(o.IPFamilies, family)
	}
	return o, errors.Join(
		parse(&o.Selector, flags.selector, pairs("--selector")),
		parse(&o.Labels, flags.labels, pairs("--labels")),
		parse(&o.Annotations, flags.annotations, pairs("--annotation")),
		parse(&o.AppProtocols, flags.appProtocols, author.ParseAppProtocols),
		parseWord(&o.ExternalTrafficPolicy, flags.externalTrafficPolicy, author.ParseExternalTrafficPolicy),
		parseWord(&o.InternalTrafficPolicy, flags.internalTrafficPolicy, author.ParseInternalTrafficPolicy),
		parseWord(&o.SessionAffinity, flags.sessionAffinity, author.ParseSessionAffinity),
		parseWord(&o.IPFamilyPolicy, flags.ipFamilyPolicy, author.ParseIPFamilyPolicy),
	)
}

// parse sets what a list of words means; no words mean nothing.
func parse[T any](value *T, words []string, parser func([]string) (T, error)) (err error) {
	if len(words) > 0 {
		*value, err = parser(words)
	}
	return err
}

func parseWord[T any](value *T, word string, parser func(string) (T, error)) (err error) {
	if word != "" {
		*value, err = parser(word)
	}
	return err
}

// pairs reads key=value words of a flag.
func pairs(flag string) func([]string) (map[string]string, error) {
	return func(words []string) (map[string]string, error) {
		m := make(map[string]string, len(words))
		for _, word := range words {
			key, value, found := strings.Cut(word, "=")
			if !found || key == "" {
				return nil, fmt.Errorf("%s %q is not key=value", flag, word)
			}
			m[key] = value
		}
		return m, nil
	}
}
