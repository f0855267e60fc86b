package cli

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// standpoints are where a cluster lets its users look from.
type standpoints interface {
	TryNode(ctx context.Context, node string, port uint16) (probe.Result, error)
	TryKubeProxy(ctx context.Context, node string) (probe.Result, error)
	TryPod(ctx context.Context, namespace, pod string, port uint16) (probe.Result, error)
	TryLoopback(ctx context.Context, namespace, pod string, port uint16) (probe.Result, error)
}

// walker goes the ways of packets: from here, from the API server, and, where
// these meet trouble, closer to it.
type walker struct {
	cluster standpoints
	here    func(context.Context, []probe.Target) []probe.Result
	// declared are the TCP ports that a pod declares.
	declared func(namespace, pod string) []uint16
	timeout  time.Duration

	mu sync.Mutex
	// missing are the permissions that a standpoint needs and the user lacks,
	// failed what else kept one from being used, by resource.
	missing map[string]error
}

// walk fills in what is met at the hops of the walks.
func (w *walker) walk(ctx context.Context, walks []check.Walk) {
	w.missing = map[string]error{}
	var fromHere sync.WaitGroup
	fromHere.Go(func() { w.fromHere(ctx, walks) })
	w.each(ctx, w.throughAPI(walks))
	fromHere.Wait()
	w.each(ctx, w.closer(walks))
}

// fromHere tries all node ports from this machine. SCTP cannot be tried.
func (w *walker) fromHere(ctx context.Context, walks []check.Walk) {
	var targets []probe.Target
	var hops []*check.NodeHop
	for i := range walks {
		port := walks[i].Port
		network := map[string]string{"TCP": "tcp", "UDP": "udp"}[port.Protocol]
		for j := range walks[i].Nodes {
			if network == "" {
				break
			}
			hop := &walks[i].Nodes[j]
			targets = append(targets, probe.Target{Network: network, Host: hop.Address.Host, Port: port.NodePort, Scheme: schemeOf(port)})
			hops = append(hops, hop)
		}
	}
	for i, result := range w.here(ctx, targets) {
		hops[i].Here = result
	}
}

// schemeOf is how a port is asked.
func schemeOf(port *route.Port) string {
	if port.Protocol == "UDP" && port.Port == 53 {
		return "dns"
	}
	return port.Scheme
}

// try is one request to the API server.
type try func(context.Context)

// each makes requests, some at a time, and each within the timeout.
func (w *walker) each(ctx context.Context, tries []try) {
	const parallel = 16
	var group errgroup.Group
	group.SetLimit(parallel)
	for _, try := range tries {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, w.timeout)
			defer cancel()
			try(ctx)
			return nil
		})
	}
	_ = group.Wait() // tries return none
}

// throughAPI are tries of every node port and pod. A node is asked once for a
// port: which of its addresses is used is up to the API server.
func (w *walker) throughAPI(walks []check.Walk) []try {
	var tries []try
	for i := range walks {
		walk := &walks[i]
		if walk.Port.Protocol != "TCP" {
			continue
		}
		for node, hops := range byNode(walk) {
			tries = append(tries, func(ctx context.Context) {
				result := w.keep("nodes/proxy", func() (probe.Result, error) { return w.cluster.TryNode(ctx, node, walk.Port.NodePort) })
				for _, hop := range hops {
					hop.API = result
				}
			})
		}
		for j := range walk.Pods {
			pod := &walk.Pods[j]
			tries = append(tries, func(ctx context.Context) {
				pod.API = w.keep("pods/proxy", func() (probe.Result, error) {
					return w.cluster.TryPod(ctx, walk.Service.Namespace, pod.Pod, pod.Address.Port())
				})
			})
		}
	}
	return tries
}

func byNode(walk *check.Walk) map[string][]*check.NodeHop {
	nodes := map[string][]*check.NodeHop{}
	for i := range walk.Nodes {
		hop := &walk.Nodes[i]
		nodes[hop.Node] = append(nodes[hop.Node], hop)
	}
	return nodes
}

// closer are tries where something was met that should not be: kube-proxy on
// nodes that do not answer, and the loopback of pods that do not.
func (w *walker) closer(walks []check.Walk) []try {
	var tries []try
	unwell := map[string][]*check.NodeHop{}
	for i := range walks {
		walk := &walks[i]
		for j := range walk.Nodes {
			if hop := &walk.Nodes[j]; failed(hop.Here) && hop.Expect.Action == route.Forward {
				unwell[hop.Node] = append(unwell[hop.Node], hop)
			}
		}
		for j := range walk.Pods {
			if pod := &walk.Pods[j]; failed(pod.API) {
				tries = append(tries, w.inPod(walk.Service, pod)...)
			}
		}
	}
	for node, hops := range unwell {
		tries = append(tries, func(ctx context.Context) {
			result := w.keep("nodes/proxy", func() (probe.Result, error) { return w.cluster.TryKubeProxy(ctx, node) })
			for _, hop := range hops {
				hop.KubeProxy = result
			}
		})
	}
	return tries
}

// failed tells a try that was made and did not succeed.
func failed(r probe.Result) bool {
	return r.Outcome != probe.Untried && r.Outcome != probe.Connected && r.Outcome != probe.Silent
}

// inPod are tries of a pod that does not answer at the target port: of that
// port at its loopback and, if it is refused, of the others that it declares.
func (w *walker) inPod(service snapshot.Ref, pod *check.PodHop) []try {
	tries := []try{func(ctx context.Context) {
		pod.Loopback = w.keep("pods/portforward", func() (probe.Result, error) {
			return w.cluster.TryLoopback(ctx, service.Namespace, pod.Pod, pod.Address.Port())
		})
	}}
	if pod.API.Outcome != probe.Refused {
		return tries
	}
	return append(tries, func(ctx context.Context) {
		for _, port := range w.declared(service.Namespace, pod.Pod) {
			if port == pod.Address.Port() {
				continue
			}
			result := w.keep("pods/proxy", func() (probe.Result, error) {
				return w.cluster.TryPod(ctx, service.Namespace, pod.Pod, port)
			})
			if result.Outcome == probe.Connected {
				pod.Elsewhere = port
				return
			}
		}
	})
}

// keep makes a try unless an earlier one has shown that it is not permitted.
// A try that the API server did not make tells nothing.
func (w *walker) keep(resource string, try func() (probe.Result, error)) probe.Result {
	w.mu.Lock()
	_, denied := w.missing[resource]
	w.mu.Unlock()
	if denied {
		return probe.Result{}
	}
	result, err := try()
	var forbidden *cluster.ForbiddenError
	if errors.As(err, &forbidden) {
		w.mu.Lock()
		w.missing[resource] = err
		w.mu.Unlock()
		return probe.Result{}
	}
	return result
}
