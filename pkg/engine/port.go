package engine

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// server takes the clients of one socket.
type server interface {
	// update leads clients by another binding from now on, one that listens.
	update(*binding)
	// close takes no more clients. Those that it has live on, also those that
	// the kernel took for it and that it has not yet seen.
	close()
}

// port is a socket that the plan wants, open or not.
type port struct {
	binding *binding
	// server is nil while the port is not open.
	server server
	// failed is why it could not be opened, and told what was told of that.
	failed, told error
}

// change goes from the plan that is executed to another. It touches what
// differs.
func (e *Engine) change(to *plan) {
	if to == e.planned {
		return
	}
	e.makeRoom(to)
	for _, b := range e.planned.order {
		if at := b.socket(); to.bindings[at] == nil {
			e.closePort(e.ports[at], "it is not asked for any more")
			delete(e.ports, at)
		}
	}
	for _, b := range to.order {
		at := b.socket()
		switch known := e.ports[at]; {
		case known == nil:
			e.ports[at] = &port{binding: b}
			e.openPort(e.ports[at])
		case known.binding != b:
			e.rebind(known, b)
		}
	}
	e.tellClashes(to)
	e.planned = to
}

// openPort opens a port that is not open, if its binding wants that.
func (e *Engine) openPort(p *port) {
	way := p.binding.way
	if !p.binding.listens() {
		p.failed = nil
		e.tell(Event{Kind: PortClosed, Way: way, Reason: p.binding.reason()})
		return
	}
	if e.closing.Load() { // it would be closed at once
		p.failed, p.told = net.ErrClosed, net.ErrClosed
		return
	}
	server, err := e.listen(p.binding)
	known := p.failed != nil && err != nil && p.failed.Error() == err.Error()
	p.server, p.failed = server, err
	if err != nil && !known {
		p.told = explain(err, p.binding.socket())
	}
	switch {
	case err == nil:
		e.own.add(p.binding)
		e.tell(Event{Kind: PortOpened, Way: way})
	case isNotAllowed(err):
		if !known {
			e.tell(Event{Kind: PortForbidden, Way: way, Err: p.told})
		}
	case errors.Is(err, errors.ErrUnsupported):
		e.tell(Event{Kind: PortUnsupported, Way: way, Err: p.told})
	default:
		if !known {
			e.tell(Event{Kind: PortFailed, Way: way, Err: p.told})
		}
		e.retryLater()
	}
}

// rebind gives a port another binding.
func (e *Engine) rebind(p *port, to *binding) {
	before := p.binding
	another := before.way.Namespace != to.way.Namespace || before.way.Service != to.way.Service
	if another && p.server != nil {
		e.tell(Event{Kind: PortClosed, Way: before.way, Reason: "another service has it now"})
	}
	p.binding = to
	switch {
	case p.server == nil && (to.listens() || before.listens() || before.way != to.way || before.reason() != to.reason()):
		p.failed = nil
		e.openPort(p)
	case p.server == nil:
	case before.health == nil != (to.health == nil):
		e.own.remove(before)
		p.server.close()
		p.server = nil
		e.openPort(p)
	case to.listens():
		p.server.update(to)
		e.own.add(to)
		if another {
			e.tell(Event{Kind: PortOpened, Way: to.way})
		}
	default:
		e.closePort(p, to.reason())
	}
}

func (e *Engine) closePort(p *port, reason string) {
	if p.server == nil {
		return
	}
	e.own.remove(p.binding)
	p.server.close()
	p.server = nil
	e.tell(Event{Kind: PortClosed, Way: p.binding.way, Reason: reason})
}

// tellClashes tells of those that are new in a plan.
func (e *Engine) tellClashes(to *plan) {
	before := make(map[Way]Way, len(e.planned.clashes))
	for _, b := range e.planned.clashes {
		before[b.way] = e.planned.bindings[b.socket()].way
	}
	for _, b := range to.clashes {
		holder := to.bindings[b.socket()].way
		if before[b.way] != holder {
			e.tell(Event{Kind: PortFailed, Way: b.way, Err: &ClashError{Holder: holder}})
		}
	}
}

// ClashError tells that another service, or another node, has the address.
type ClashError struct{ Holder Way }

func (e *ClashError) Error() string {
	text := fmt.Sprintf("%s is already that of service %s/%s", e.Holder.Address, e.Holder.Namespace, e.Holder.Service)
	if e.Holder.Node != "" {
		text += " on node " + e.Holder.Node
	}
	return text
}

// retryLater has those ports tried again after a while that could not be opened.
func (e *Engine) retryLater() {
	if e.retrying == nil {
		e.retrying = time.AfterFunc(e.options.Retry, e.retry)
	}
}

func (e *Engine) retry() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.retrying = nil
	if e.stopped {
		return
	}
	for _, b := range e.planned.order {
		if p := e.ports[b.socket()]; p.failed != nil && !errors.Is(p.failed, errors.ErrUnsupported) && !isNotAllowed(p.failed) {
			e.openPort(p)
		}
	}
}

// listen makes the server of a binding's socket.
func (e *Engine) listen(b *binding) (server, error) {
	if err := e.allowed(b.way.Address); err != nil {
		return nil, err
	}
	switch {
	case b.health != nil:
		return e.serveHealth(b)
	case b.way.Protocol == "TCP" || b.way.Protocol == "SCTP":
		return e.listenTCP(b)
	case b.way.Protocol == "UDP":
		return e.listenUDP(b)
	}
	return nil, fmt.Errorf("%s: %w", b.way.Protocol, errors.ErrUnsupported)
}
