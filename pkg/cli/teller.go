package cli

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// teller says what a command serves on this machine, and what happens to it:
// in lines for people, or as events in JSON.
type teller struct {
	*factory
	namespaces bool
	json       bool

	mu    sync.Mutex
	lines map[snapshot.Ref]string
	// table is what was told last, and shut are the addresses that cannot be opened.
	table *route.Table
	shut  map[listener]bool
}

func newTeller(f *factory, namespaces, json bool) *teller {
	return &teller{factory: f, namespaces: namespaces, json: json, lines: map[snapshot.Ref]string{}, shut: map[listener]bool{}}
}

// record writes an event as a line of JSON.
func (t *teller) record(e eventRecord) { _ = e.write(t.Out) } // who read it is gone if that fails

// note tells something that belongs to no service.
func (t *teller) note(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if message := render.Safe(fmt.Sprintf(format, args...)); t.json {
		t.record(eventRecord{Event: "note", Message: message})
	} else {
		t.say("note: %s", message)
	}
}

// services tells of the services that are new, other than they were, or gone.
func (t *teller) services(table *route.Table) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.table = table
	t.changes()
}

// changes tells what is other than it was told.
func (t *teller) changes() {
	table := t.table
	o := render.OpenedOptions{Glyphs: t.terminal.glyphs, Namespaces: t.namespaces, Shut: func(protocol string, at netip.AddrPort) bool {
		return t.shut[listener{protocol, at}]
	}}
	now := make(map[snapshot.Ref]string, len(table.Services))
	for i, line := range render.Opened(table, o) {
		service := snapshot.Ref{Kind: "Service", Namespace: table.Services[i].Namespace, Name: table.Services[i].Name}
		now[service] = line
		if t.lines[service] != line {
			t.service("service", service, line)
		}
	}
	for service := range t.lines {
		if _, still := now[service]; !still {
			t.service("service-gone", service, t.name(service)+"  closed: it is gone, or has no node port any more")
		}
	}
	t.lines = now
}

func (t *teller) name(service snapshot.Ref) string {
	if t.namespaces {
		return render.Safe(service.Namespace + "/" + service.Name)
	}
	return render.Safe(service.Name)
}

func (t *teller) service(event string, of snapshot.Ref, line string) {
	if t.json {
		t.record(eventRecord{Event: event, Namespace: of.Namespace, Service: of.Name, Message: line})
		return
	}
	fmt.Fprintln(t.Out, line)
}

// event tells what the engine met. That a port was opened or closed is in the
// line of its service already.
func (t *teller) event(e engine.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.json {
		t.record(engineRecord(e))
	} else if text := eventText(e); text != "" {
		t.say("%s", render.Safe(text))
	}
	t.noteShut(e)
}

// noteShut keeps which addresses cannot be opened. One that can be after all
// makes its service other than it was told.
func (t *teller) noteShut(e engine.Event) {
	at := listener{e.Way.Protocol, e.Way.Address}
	switch e.Kind {
	case engine.PortFailed:
		t.shut[at] = true
	case engine.PortOpened, engine.PortClosed:
		if t.shut[at] && t.table != nil {
			delete(t.shut, at)
			t.changes()
		}
		delete(t.shut, at)
	}
}

// eventText is an event for people; empty for what they know already.
func eventText(e engine.Event) string {
	switch e.Kind {
	case engine.PortFailed:
		return fmt.Sprintf("error: %s cannot be opened for service %s, trying again: %v", e.Way.Address, e.Way.Service, e.Err)
	case engine.PortUnsupported:
		return fmt.Sprintf("note: %s of service %s is not served: %v", e.Way.Address, e.Way.Service, e.Err)
	case engine.EndpointFailed:
		return fmt.Sprintf("note: endpoint %s of service %s cannot be reached: %v", e.Endpoint, e.Way.Service, e.Err)
	case engine.EndpointRecovered:
		return fmt.Sprintf("note: endpoint %s of service %s is reached again", e.Endpoint, e.Way.Service)
	case engine.LimitReached:
		return fmt.Sprintf("note: clients are turned away: %v", e.Err)
	}
	return ""
}
