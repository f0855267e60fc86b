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
	// advised are the node ports of which the user knows how to open them here.
	advised map[uint16]bool
}

func newTeller(f *factory, namespaces, json bool) *teller {
	return &teller{factory: f, namespaces: namespaces, json: json, lines: map[snapshot.Ref]string{}, shut: map[listener]bool{}, advised: map[uint16]bool{}}
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
	} else {
		t.tell(e)
	}
	t.noteShut(e)
}

func (t *teller) tell(e engine.Event) {
	service := snapshot.Ref{Namespace: e.Way.Namespace, Name: e.Way.Service}
	if text := engineText(e, t.name(service)); text != "" {
		t.say("%s", render.Safe(text))
	}
	if isTaken(e) && !t.advised[e.Way.NodePort] {
		t.advised[e.Way.NodePort] = true
		t.say("  fix: end what has the port, or open it under another number: --map %d=%d, or --port-offset for all", e.Way.NodePort, t.freePort(e.Way.Address))
	}
}

// freePort is the next port that can be had at an address and that no service
// has; 0 when there is none.
func (t *teller) freePort(near netip.AddrPort) uint16 {
	for port := near.Port() + 1; port != 0; port++ {
		at := netip.AddrPortFrom(near.Addr(), port)
		if t.table != nil && hasNodePort(t.table, port) {
			continue
		}
		if engine.CanOpen(at) {
			return port
		}
	}
	return 0
}

// noteShut keeps which addresses cannot be opened. One that can be after all
// makes its service other than it was told.
func (t *teller) noteShut(e engine.Event) {
	at := listener{e.Way.Protocol, e.Way.Address}
	switch e.Kind {
	case engine.PortFailed:
		t.shut[at] = true
	case engine.PortOpened, engine.PortClosed:
		was := t.shut[at]
		delete(t.shut, at)
		if was && t.table != nil {
			t.changes()
		}
	}
}
