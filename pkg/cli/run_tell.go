package cli

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

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
	// forbidden reports that the user knows about cluster IPs that are not opened.
	forbidden bool
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
func (t *runTeller) begin(events []local.Event, lost int) {
	t.tellLost(lost)
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
func (t *runTeller) tell(events []local.Event, lost int) error {
	t.note(events)
	t.tellLost(lost)
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

// tellLost reports events that found no room in the queue.
func (t *runTeller) tellLost(lost int) {
	switch {
	case lost == 0:
	case t.json:
		_ = eventRecord{Event: "note", Message: lostEvents(lost)}.write(t.Out) // what is told next fails, too, if that does
	default:
		t.say("note: %s", lostEvents(lost))
	}
}

// lostEvents words how many events found no room in a queue.
func lostEvents(lost int) string {
	return fmt.Sprintf("%d events are not reported: they came faster than the output was read", lost)
}

// queueing adds the events of a run to a queue. What a command writes waits for
// room, as it would on its own terminal.
func queueing(events *eventQueue[local.Event]) func(local.Event) {
	return func(e local.Event) {
		if e.Kind == local.Log {
			events.addWaiting(e)
		} else {
			events.add(e)
		}
	}
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
