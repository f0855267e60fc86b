// Package local runs manifests as a cluster of one machine would: nodes on
// loopback addresses, something that stands for each pod, and the engine in
// place of kube-proxy. Nothing of it outlives the run.
//
// No manifest makes it start a program: what stands for a pod comes from the
// options alone.
package local

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Options say how manifests are run. The zero value runs them on as many nodes
// as they name, with a stand-in for every pod.
type Options struct {
	// Namespace is that of objects that name none; empty is "default".
	Namespace string
	// Nodes is how many nodes there are when the manifests hold none; 0 for
	// three, or as many as there are loopback addresses: 254, or 1.
	Nodes int
	// NodePorts is the range from which node ports are chosen; zero is the
	// default range.
	NodePorts nodeport.Range
	// Backends and Commands say what stands for pods; the rest have stand-ins.
	Backends []Backend
	Commands []Command
	// Supervisor is a program, with its arguments, that calls [Supervise] with
	// one more argument. Where it is set, on Linux, a command ends with all that
	// it has started, in whatever session; elsewhere with its process group or,
	// on Windows, its job.
	Supervisor []string
	// ClusterIPs opens the services' own ports as well, on loopback addresses
	// that look like their cluster IPs. It is left out where the machine has
	// but one loopback address.
	ClusterIPs bool
	// Engine is how the ports are served. Its Dialer, Events and ClusterIPs
	// are set by the run, which opens no address but loopback ones.
	Engine engine.Options
	// Save keeps the services beside the manifests, all that there are; nil
	// keeps none. It is called on each change, before the request that made it is
	// answered, must not call the cluster, and is not called concurrently. An
	// error becomes an event.
	Save func([]*corev1.Service) error
	// Events is told what happens; nil for nobody. It is called by several
	// goroutines and must not block, nor call the cluster.
	Events func(Event)
}

// Cluster is a cluster of this machine. Its methods may be called by several
// goroutines.
type Cluster struct {
	options Options
	engine  *engine.Engine
	answers *answers
	// ports are those of the commands.
	ports *portPool
	// loopbacks are what this machine has to listen on.
	loopbacks loopbacks
	now       atomic.Pointer[state]
	// watches has an element for each watch that is open.
	watches chan struct{}

	mu sync.Mutex
	// manifests is the last set that was taken.
	manifests *manifest.Set
	// added are the services that were created or applied beside the manifests.
	added  map[snapshot.Ref]*addition
	stands map[snapshot.Ref]*stand
	// skipped are the probes that were told not to be made.
	skipped map[snapshot.Ref]bool
	// past are the last states, the present one at the end.
	past   []*state
	closed bool
}

// state is the cluster at one moment. It is never changed.
type state struct {
	snapshot *snapshot.Snapshot
	// table is the snapshot's as the engine executes it: with loopback
	// addresses in place of cluster IPs.
	table  *route.Table
	stands map[snapshot.Ref]*stand
	// objects are the API's, by their kinds.
	objects map[string][]object
	// number counts the states.
	number int64
	// size is about how many bytes the objects take.
	size int
	// replaced is closed when the state is no longer the present one.
	replaced chan struct{}
}

// New makes a cluster that has nothing yet but what answers for its pods. It
// fails when there are to be more nodes than loopback addresses.
func New(o Options) (*Cluster, error) {
	on := findLoopbacks()
	if o.Nodes > on.v4 {
		return nil, on.tooFew(o.Nodes)
	}
	answers, err := newAnswers()
	if err != nil {
		return nil, err
	}
	o.ClusterIPs = o.ClusterIPs && on.v4 > 1
	o.Namespace = cmp.Or(o.Namespace, metav1.NamespaceDefault)
	c := &Cluster{
		options: o, answers: answers, loopbacks: on, ports: newPortPool(o.NodePorts.OrDefault()),
		watches:   make(chan struct{}, mostWatches),
		manifests: &manifest.Set{}, added: map[snapshot.Ref]*addition{}, stands: map[snapshot.Ref]*stand{}, skipped: map[snapshot.Ref]bool{},
	}
	c.become(&state{snapshot: &snapshot.Snapshot{}, table: &route.Table{}})
	served := o.Engine
	served.Dialer, served.ClusterIPs, served.Events = c, o.ClusterIPs, c.engineEvent
	served.ListenAddresses = nil
	c.engine = engine.New(served)
	return c, nil
}

// Engine is the engine that serves the cluster's ports.
func (c *Cluster) Engine() *engine.Engine { return c.engine }

// Load makes the cluster what the manifests say from now on.
func (c *Cluster) Load(set *manifest.Set) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.supersede(set)
	c.manifests = set
	c.settle()
}

// Snapshot is the cluster as it is now. Nobody changes it.
func (c *Cluster) Snapshot() *snapshot.Snapshot { return c.now.Load().snapshot }

// Table is what the engine executes now. Its cluster IPs are loopback ones
// where they are served. Nobody changes it.
func (c *Cluster) Table() *route.Table { return c.now.Load().table }

// Stands says what stands for a pod, such as "stand-in"; empty for a pod that
// nothing stands for.
func (c *Cluster) Stands(pod *corev1.Pod) string {
	if s := c.now.Load().stands[snapshot.RefOf("Pod", pod)]; s != nil {
		return s.backend.String()
	}
	return ""
}

// Connections counts those that are open.
func (c *Cluster) Connections() int { return c.engine.Connections() }

// Shutdown closes all ports, waits for the connections to end until ctx does,
// and ends what stands for the pods: at once when ctx is canceled before its
// deadline.
func (c *Cluster) Shutdown(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	err := c.engine.Shutdown(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	var group sync.WaitGroup
	stands := slices.Collect(maps.Values(c.stands))
	for _, s := range stands {
		group.Go(s.stop)
	}
	defer context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			for _, s := range stands {
				s.hurry()
			}
		}
	})()
	group.Wait()
	clear(c.stands)
	c.answers.close()
	return err
}

// Dial implements [engine.Dialer]: it leads to what stands for the pod of an
// endpoint, and to the endpoint itself when that is no pod's.
func (c *Cluster) Dial(ctx context.Context, network string, to *engine.Target) (net.Conn, error) {
	now := c.now.Load()
	if s := now.stands[podOf(to)]; s != nil {
		return s.backend.dial(ctx, network, to.Endpoint.Address.Port(), now.callerOf(to))
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, to.Endpoint.Address.String())
}

// Address implements [engine.Addresser] for what Dial would dial plainly.
func (c *Cluster) Address(to *engine.Target) (netip.AddrPort, bool) {
	s := c.now.Load().stands[podOf(to)]
	if s == nil {
		return to.Endpoint.Address, true
	}
	if l, ok := s.backend.(listener); ok {
		return l.listens(to.Endpoint.Address.Port())
	}
	return netip.AddrPort{}, false
}
