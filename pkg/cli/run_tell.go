package cli

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// runTeller tells what a run serves, and what happens to it. It is for one
// goroutine.
type runTeller struct {
	*runOptions
	cluster *local.Cluster
	open    map[listener]bool
	// waiting is what pods are waited for, of which the user knows.
	waiting map[snapshot.Ref]string
	// explained tells that the user knows about ports below 1024, and advised
	// about those that are taken.
	explained, advised bool
}

func newRunTeller(o *runOptions, c *local.Cluster) *runTeller {
	return &runTeller{runOptions: o, cluster: c, open: map[listener]bool{}, waiting: map[snapshot.Ref]string{}}
}

// listener is an address that is listened on.
type listener struct {
	protocol string
	at       netip.AddrPort
}

// begin tells what happens before the first list: all but what the list says.
func (t *runTeller) begin(events []local.Event) {
	t.note(events)
	_ = t.logs(events) // what is told next fails, too, if that does
	t.tellFailures(events)
	t.noteReady(events)
}

// settled tells that there is nothing to wait for: all pods are ready that
// something stands for, or wait for an application that should run already.
func (t *runTeller) settled() bool {
	for _, pod := range t.cluster.Snapshot().Pods {
		if t.cluster.Stands(pod) != "" && !isReady(pod) && (t.waiting[snapshot.RefOf("Pod", pod)] == "" || len(t.machine.Commands) > 0) {
			return false
		}
	}
	return true
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// start lists what the run serves at first.
func (t *runTeller) start() error {
	if t.json {
		return nil
	}
	s, table := t.cluster.Snapshot(), t.cluster.Table()
	if len(table.Services) == 0 {
		t.say("note: the manifests hold no NodePort service yet; the files are watched for one")
	}
	err := render.Running(t.Out, table, render.RunningOptions{
		Glyphs: t.terminal.glyphs, Namespaces: severalNamespaces(s.Services), Open: t.isOpen,
	})
	if err != nil || len(s.Pods) == 0 {
		return err
	}
	_, err = fmt.Fprintln(t.Out, t.pods(s.Pods))
	return err
}

func (t *runTeller) isOpen(protocol string, at netip.AddrPort) bool {
	return t.open[listener{protocol, at}]
}

// pods says of some pods where they run and what stands for them.
func (t *runTeller) pods(pods []*corev1.Pod) string {
	const most = 8
	line := "pods"
	for i, pod := range pods {
		if i == most {
			line += fmt.Sprintf("  +%d more", len(pods)-most)
			break
		}
		line += "  " + pod.Name
		if pod.Spec.NodeName != "" {
			line += " on " + pod.Spec.NodeName
		}
		if stands := t.cluster.Stands(pod); stands != "" {
			line += " (" + stands + ")"
		} else {
			line += " (" + strings.ToLower(string(pod.Status.Phase)) + ")"
		}
	}
	return render.Safe(line)
}

// tell tells of changes: all of them to a person or as a stream, and only of
// failures where a program reads along.
func (t *runTeller) tell(events []local.Event) error {
	t.note(events)
	if t.json {
		return t.stream(events)
	}
	if err := t.logs(events); err != nil {
		return err
	}
	t.tellFailures(events)
	if !t.terminal.errOut {
		events = slices.DeleteFunc(events, func(e local.Event) bool { return e.Kind != local.PodReady || t.waiting[e.Object] == "" })
	}
	for _, line := range changeLines(events) {
		t.say("%s", render.Safe(line))
	}
	t.noteReady(events)
	return nil
}

// noteReady keeps which pods are no longer waited for.
func (t *runTeller) noteReady(events []local.Event) {
	for _, e := range events {
		if e.Kind == local.PodReady || e.Kind == local.PodGone {
			delete(t.waiting, e.Object)
		}
	}
}

// note keeps which ports are open.
func (t *runTeller) note(events []local.Event) {
	for _, e := range events {
		at := listener{e.Engine.Way.Protocol, e.Engine.Way.Address}
		switch {
		case e.Kind != local.Port:
		case e.Engine.Kind == engine.PortOpened:
			t.open[at] = true
		case e.Engine.Kind == engine.PortClosed || e.Engine.Kind == engine.PortFailed:
			delete(t.open, at)
		}
	}
}

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
		case e.Kind == local.ServiceOverridden:
			t.say("note: service %s is now what was applied with --local, until the manifests say something else of it", render.Safe(e.Object.Name))
		case e.Kind == local.ServiceRestored:
			t.say("note: service %s is now what the manifests say: their edit takes the place of what was applied with --local", render.Safe(e.Object.Name))
		case e.Kind == local.ProbeSkipped:
			t.say("note: pod %s: %s", render.Safe(e.Object.Name), render.Safe(e.Message))
		case e.Kind != local.Port:
		case e.Engine.Kind == engine.PortFailed && errors.Is(e.Engine.Err, syscall.EACCES) && way.Inside:
			t.explainLowPorts(way)
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

// logs writes what commands have written, each line behind the pod's name.
func (t *runTeller) logs(events []local.Event) error {
	for _, e := range events {
		if e.Kind != local.Log {
			continue
		}
		if _, err := fmt.Fprintf(t.Out, "%s | %s\n", render.Safe(e.Object.Name), render.Safe(e.Message)); err != nil {
			return err
		}
	}
	return nil
}

// changeLines words changes, one line each; the addresses of one port share one.
func changeLines(events []local.Event) []string {
	var lines []string
	ports := map[string]int{}
	for _, e := range events {
		line := changeLine(e)
		if line == "" {
			continue
		}
		if e.Kind == local.Port && e.Engine.Endpoint == (netip.AddrPort{}) {
			if i, ok := ports[line]; ok {
				lines[i] += ", " + e.Engine.Way.Address.String()
				continue
			}
			ports[line] = len(lines)
			line += " " + e.Engine.Way.Address.String()
		}
		lines = append(lines, line)
	}
	return lines
}

func changeLine(e local.Event) string {
	object := strings.ToLower(e.Object.Kind) + " " + e.Object.Name
	switch e.Kind {
	case local.PodReady:
		return object + " is ready"
	case local.PodNotReady:
		if e.Message != "" {
			return object + " is not ready: " + e.Message
		}
		return object + " is not ready"
	case local.CommandStarted:
		return object + ": started " + e.Message
	case local.PodGone, local.ServiceGone:
		return object + " is gone"
	case local.ServiceAdded:
		return object + " is new"
	case local.ServiceChanged:
		return object + " has changed"
	case local.Port:
		return portLine(object, e.Engine)
	}
	return ""
}

// portLine words an event of the engine, without the address of a port.
func portLine(object string, e engine.Event) string {
	switch e.Kind {
	case engine.PortOpened:
		return object + " opened"
	case engine.PortClosed:
		return object + " closed (" + e.Reason + ")"
	case engine.EndpointRecovered:
		return engineText(e, e.Way.Service)
	}
	return ""
}

func (t *runTeller) stream(events []local.Event) error {
	for _, e := range events {
		if err := localRecord(e).write(t.Out); err != nil {
			return err
		}
	}
	return nil
}

func localRecord(e local.Event) eventRecord {
	if e.Kind == local.Port {
		return engineRecord(e.Engine)
	}
	record := eventRecord{Event: string(e.Kind), Namespace: e.Object.Namespace, Message: e.Message}
	if e.Object.Kind == "Pod" {
		record.Pod = e.Object.Name
	} else {
		record.Service = e.Object.Name
	}
	return record
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
