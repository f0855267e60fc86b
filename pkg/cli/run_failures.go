package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// tellFailures tells of ports that cannot be opened and of pods that cannot be
// reached.
func (t *runTeller) tellFailures(events []local.Event) {
	for _, e := range events {
		way := e.Engine.Way
		switch {
		case e.Kind == local.PodWaiting:
			t.tellWaiting(e)
		case e.Kind == local.CommandEnded:
			t.warn(fmt.Sprintf("pod %s: %s", e.Object.Name, e.Message))
		case e.Kind == local.SaveFailed:
			t.warn(e.Message)
		case e.Kind == local.ServiceOverridden:
			t.say("note: service %s is now what was applied with --local, until the manifests say something else of it", render.Safe(e.Object.Name))
		case e.Kind == local.ServiceRestored:
			t.say("note: service %s is now what the manifests say: their edit takes the place of what was applied with --local", render.Safe(e.Object.Name))
		case e.Kind == local.ProbeSkipped:
			t.say("note: pod %s: %s", render.Safe(e.Object.Name), render.Safe(e.Message))
		case e.Kind != local.Port:
		case e.Engine.Kind == engine.PortFailed && errors.Is(e.Engine.Err, syscall.EACCES) && way.Inside:
			t.explainLowPorts(way)
		case e.Engine.Kind == engine.PortForbidden && way.Inside:
			t.explainForbidden(way)
		default:
			t.tellEngine(e.Engine)
		}
	}
}

// tellEngine tells what the engine met. That an endpoint is reached again is no
// failure, and among the changes.
func (t *runTeller) tellEngine(e engine.Event) {
	if text := engineText(e, e.Way.Service); text != "" && e.Kind != engine.EndpointRecovered {
		t.say("%s", render.Safe(text))
	}
	if isTaken(e) && !t.advised {
		t.advised = true
		t.say("  fix: end what has the port, or give the service another nodePort")
	}
}

// tellWaiting tells for which pod the run waits, and for what; only the first
// of those that wait for the same.
func (t *runTeller) tellWaiting(e local.Event) {
	known := slices.Contains(slices.Collect(maps.Values(t.waiting)), e.Message)
	t.waiting[e.Object] = e.Message
	if !known {
		t.say("waiting for pod %s: %s", render.Safe(e.Object.Name), render.Safe(e.Message))
	}
}

// explainForbidden says once why cluster IPs are not opened.
func (t *runTeller) explainForbidden(way engine.Way) {
	if t.forbidden {
		return
	}
	t.forbidden = true
	t.say("note: cluster IP %s of service %s is not opened: a run opens only loopback addresses, and IPv6 has one, which is the first node's; "+
		"node ports are open", way.Address, render.Safe(way.Service))
}

// explainLowPorts says once why ports below 1024 are not open.
func (t *runTeller) explainLowPorts(way engine.Way) {
	if t.explained {
		return
	}
	t.explained = true
	t.say("note: service ports below 1024, such as %d of service %s, may be opened by root alone; "+
		"node ports are open all the same\n  to open them too: sudo sysctl net.ipv4.ip_unprivileged_port_start=0, or leave them out with --cluster-ips=false",
		way.Address.Port(), render.Safe(way.Service))
}
