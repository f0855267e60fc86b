package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	appsv1 "k8s.io/client-go/kubernetes/typed/apps/v1"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	discoveryv1 "k8s.io/client-go/kubernetes/typed/discovery/v1"
	rbacv1 "k8s.io/client-go/kubernetes/typed/rbac/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/process"
)

// Cluster is a running rig, or the existing cluster that NODEPORT_TEST_KUBECONFIG
// names. Its methods may be called by several tests at once.
type Cluster struct {
	state
	dir        string
	kubeconfig string
	external   bool
	// parent runs the rig's programs; nil for an existing cluster.
	parent *process.Client
	ca     *authority
	rest   *rest.Config
	client *Host
	nodes  []*Node
}

// Kubeconfig returns the path of a kubeconfig of an administrator, good on the
// rig's hosts.
func (c *Cluster) Kubeconfig() string { return c.kubeconfig }

// RESTConfig returns an administrator's client configuration that is good in
// the test itself: it dials as the client host does. Its rate limit is off.
func (c *Cluster) RESTConfig() *rest.Config { return rest.CopyConfig(c.rest) }

// Core returns an administrator's client of the core API group.
func (c *Cluster) Core() corev1.CoreV1Interface { return corev1.NewForConfigOrDie(c.rest) }

// Apps returns an administrator's client of the apps API group.
func (c *Cluster) Apps() appsv1.AppsV1Interface { return appsv1.NewForConfigOrDie(c.rest) }

// Discovery returns an administrator's client of the discovery.k8s.io API group.
func (c *Cluster) Discovery() discoveryv1.DiscoveryV1Interface {
	return discoveryv1.NewForConfigOrDie(c.rest)
}

// RBAC returns an administrator's client of the rbac.authorization.k8s.io API group.
func (c *Cluster) RBAC() rbacv1.RbacV1Interface { return rbacv1.NewForConfigOrDie(c.rest) }

// Client returns the host that tests look at the cluster from. In a cluster rig
// it is outside the cluster and reaches only the nodes' and the control plane's
// addresses; else it is this machine.
func (c *Cluster) Client() *Host { return c.client }

// Nodes returns the nodes; none at the API level.
func (c *Cluster) Nodes() []*Node { return c.nodes }

// Node returns node i, of which the first is 1.
func (c *Cluster) Node(i int) *Node { return c.nodes[i-1] }

// Logs returns the directory of the programs' logs; "" of an existing cluster.
func (c *Cluster) Logs() string {
	if c.external {
		return ""
	}
	return c.state.config(c.dir).Logs()
}

// Program returns the path of one of the rig's programs, such as "kubectl", or
// its name if the rig did not bring it.
func (c *Cluster) Program(name string) string {
	if path, ok := c.Programs[name]; ok {
		return path
	}
	return name
}

// End ends the rig; nothing of it is left but, on request, its logs.
func (c *Cluster) End(keepLogs bool) error {
	if c.external {
		return nil
	}
	return c.parent.End(process.Ending{KeepLogs: keepLogs})
}

// connect completes a cluster whose state and parent are known.
func (c *Cluster) connect() error {
	c.kubeconfig = filepath.Join(c.dir, "kubeconfig")
	ca, err := loadAuthority(c.pki())
	if err != nil {
		return err
	}
	c.ca = ca
	c.client = &Host{cluster: c, name: "client"}
	if c.namespaced() {
		c.client.addrs = c.hostAddrs(clientNumber)
	} else {
		c.client.addrs = loopback()
	}
	for k := range c.Options.Nodes {
		c.nodes = append(c.nodes, c.newNode(k+1))
	}
	return c.configureREST()
}

func (c *Cluster) configureREST() error {
	config, err := clientcmd.BuildConfigFromFlags("", c.kubeconfig)
	if err != nil {
		return err
	}
	config.QPS = -1
	if !c.external {
		config.Dial = c.client.DialContext
	}
	c.rest = config
	return nil
}

func (c *Cluster) pki() string  { return filepath.Join(c.dir, "pki") }
func (c *Cluster) data() string { return c.state.config(c.dir).Data() }

// launch starts a new rig.
func launch(ctx context.Context, o options, detached bool) (*Cluster, error) {
	programs, images, cache, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := sweep(cache); err != nil {
		return nil, err
	}
	s, dir, err := newState(cache, o, detached)
	if err != nil {
		return nil, err
	}
	s.Programs = programs
	c := &Cluster{state: s, dir: dir}
	if err := c.begin(ctx, images); err != nil {
		return nil, c.abort(err)
	}
	return c, nil
}

// abort ends a rig that did not start, and returns err with what its programs said.
func (c *Cluster) abort(err error) error {
	if c.parent == nil {
		return errors.Join(err, os.RemoveAll(c.dir))
	}
	err = fmt.Errorf("start the rig: %w\n%s", err, c.endedPrograms())
	return errors.Join(err, c.parent.End(process.Ending{}))
}

func (c *Cluster) begin(ctx context.Context, images []string) error {
	if err := os.Mkdir(c.pki(), 0o700); err != nil {
		return err
	}
	if _, err := newAuthority(c.pki()); err != nil {
		return err
	}
	parent, err := process.Launch(c.state.config(c.dir))
	if err != nil {
		return err
	}
	c.parent, c.Parent = parent, parent.Identity
	if err := c.state.write(c.dir); err != nil {
		return err
	}
	if c.namespaced() {
		return c.beginCluster(ctx, images)
	}
	return c.beginAPI(ctx)
}

func (c *Cluster) beginAPI(ctx context.Context) error {
	p, err := c.planAPI()
	if err != nil {
		return err
	}
	if err := c.writeServer(p); err != nil {
		return err
	}
	return c.startControlPlane(ctx, p)
}

// writeServer makes the kubeconfig and the clients, once it is known where the
// API server will be.
func (c *Cluster) writeServer(p plane) error {
	ca, err := loadAuthority(c.pki())
	if err != nil {
		return err
	}
	c.Plane = p
	c.Server = "https://" + net.JoinHostPort(p.Addr, p.Port)
	if err := ca.writeKubeconfig(filepath.Join(c.dir, "kubeconfig"), c.Server, "admin", "system:masters"); err != nil {
		return err
	}
	if err := c.state.write(c.dir); err != nil {
		return err
	}
	return c.connect()
}

// attach connects to a rig that another process started.
func attach(dir string, s state) (*Cluster, error) {
	parent, err := process.Attach(dir, s.Parent)
	if err != nil {
		return nil, err
	}
	c := &Cluster{state: s, dir: dir, parent: parent}
	return c, c.connect()
}
