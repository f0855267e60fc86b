package cli

import (
	"context"
	"slices"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

const (
	// settleLimit is how long nodes may take to open a port whose endpoints are
	// ready: kube-proxy collects changes for a second.
	settleLimit = 3 * time.Second
	settlePause = 100 * time.Millisecond
	// settleNodes is how many nodes are tried for each port.
	settleNodes = 3
)

// settle waits until the ports of the services are open on a few nodes, so that
// who asks them next is not refused. Only an address that refuses is asked
// again: one that this machine cannot reach at all is no reason to wait.
func (w *wait) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	prober := &probe.Prober{Timeout: settleLimit / 6}
	targets := w.targets()
	for len(targets) > 0 {
		results := prober.Probe(ctx, targets)
		refused := targets[:0:0]
		for i, result := range results {
			if result.Outcome == probe.Refused || result.Outcome == probe.Unreachable {
				refused = append(refused, targets[i])
			}
		}
		targets = refused
		select {
		case <-ctx.Done():
			return
		case <-time.After(settlePause): // the network tells no one when it changes
		}
	}
}

// targets are the TCP ports that should answer, on the first few nodes.
func (w *wait) targets() []probe.Target {
	var targets []probe.Target
	for i := range w.table.Services {
		service := &w.table.Services[i]
		for j := range service.Ports {
			port := &service.Ports[j]
			if port.Protocol == "TCP" && !w.podless[service.Name] {
				targets = append(targets, nodesOf(w.table, service, port)...)
			}
		}
	}
	return targets
}

func nodesOf(table *route.Table, service *route.Service, port *route.Port) []probe.Target {
	var targets []probe.Target
	for way := range table.Routes(service, port) {
		target := probe.Target{Network: "tcp", Host: way.Address.Host, Port: port.NodePort}
		if way.Answers() && !slices.Contains(targets, target) {
			targets = append(targets, target)
		}
		if len(targets) == settleNodes {
			break
		}
	}
	return targets
}
