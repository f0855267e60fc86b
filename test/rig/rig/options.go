package rig

import (
	"os"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/assets"
)

// Option changes what Start and StartAPI start.
type Option func(*options)

// options is comparable: rigs with equal options are shared.
type options struct {
	Level         level
	Kubernetes    string
	Nodes         int
	Mode          ProxyMode
	NodePortRange string
	DualStack     bool
	Controllers   string
	APIServer     string
	KubeProxy     string
	Dedicated     bool
}

type level string

const (
	apiLevel     level = "API"
	clusterLevel level = "cluster"
)

// ProxyMode is a mode of kube-proxy.
type ProxyMode string

// The modes of kube-proxy that a rig can run.
const (
	NFTables ProxyMode = "nftables"
	IPTables ProxyMode = "iptables"
)

// Nodes is the number of nodes, 2 unless told; at most 90.
func Nodes(n int) Option { return func(o *options) { o.Nodes = n } }

// Kubernetes is the version of Kubernetes that runs, such as "v1.33.13"; the one
// that NODEPORT_TEST_KUBERNETES names unless told, or else the pinned one.
func Kubernetes(version string) Option { return func(o *options) { o.Kubernetes = version } }

// Mode is the mode of kube-proxy, NFTables unless told.
func Mode(m ProxyMode) Option { return func(o *options) { o.Mode = m } }

// NodePortRange is the API server's --service-node-port-range, such as "20000-22767".
func NodePortRange(r string) Option { return func(o *options) { o.NodePortRange = r } }

// DualStack gives hosts, pods and services IPv6 addresses too.
func DualStack() Option { return func(o *options) { o.DualStack = true } }

// Controllers names the controllers that run, as kube-controller-manager's
// --controllers does; no names: none run. Unless told, a cluster runs all and
// the API level those for endpoints, namespaces and garbage.
func Controllers(names ...string) Option {
	return func(o *options) { o.Controllers = strings.Join(append([]string{"-*"}, names...), ",") }
}

// APIServerFlags are further flags of the API server, such as "--feature-gates=X=true".
func APIServerFlags(flags ...string) Option {
	return func(o *options) { o.APIServer = strings.Join(flags, "\n") }
}

// KubeProxyConfig is further YAML for kube-proxy's configuration, such as
// `nodePortAddresses: ["10.1.11.0/24"]`.
func KubeProxyConfig(yaml string) Option { return func(o *options) { o.KubeProxy = yaml } }

// Dedicated asks for a rig of the test's own, ended with the test: for tests
// that leave it in a state that others could not use.
func Dedicated() Option { return func(o *options) { o.Dedicated = true } }

func newOptions(l level, opts []Option) options {
	o := options{Level: l, Kubernetes: os.Getenv(EnvKubernetes), Mode: NFTables, Controllers: "*"}
	if l == clusterLevel {
		o.Nodes = 2
	} else {
		o.Controllers = "endpoints-controller,endpointslice-controller,endpointslice-mirroring-controller," +
			"namespace-controller,garbage-collector-controller"
	}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// programs are the names of the programs that a rig of the options runs.
func (o options) programs() []string {
	if o.Level == clusterLevel {
		return assets.ClusterPrograms()
	}
	return assets.APIPrograms()
}

// lines splits flags that an option joined; none if there are none.
func lines(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
}
