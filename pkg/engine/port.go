package engine

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
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
	// failed is why it could not be opened.
	failed error
}

// listens tells whether a socket is open. One that refuses is not: the kernel
// answers what is sent to it as kube-proxy would.
func (b *binding) listens() bool {
	return b.verdict.Action == route.Forward || b.verdict.Action == route.Drop
}

// change goes from the plan that is executed to another. It touches what
// differs.
func (e *Engine) change(to *plan) {
	for at, port := range e.ports {
		if to.bindings[at] == nil {
			e.closePort(port, "service is gone")
			delete(e.ports, at)
		}
	}
	for at, b := range to.bindings {
		switch known := e.ports[at]; {
		case known == nil:
			e.ports[at] = &port{binding: b}
			e.bind(at, e.ports[at])
		case known.binding != b:
			e.rebind(at, known, b)
		}
	}
	for _, b := range to.clashes {
		holder := to.bindings[socket{b.way.Protocol, b.way.Address}].way
		e.tell(Event{Kind: PortFailed, Way: b.way, Err: &ClashError{Holder: holder}})
	}
	e.planned = to
}

// bind opens a port that is not open, if its binding wants that.
func (e *Engine) bind(at socket, p *port) {
	if !p.binding.listens() {
		e.tell(Event{Kind: PortClosed, Way: p.binding.way, Reason: reason(p.binding)})
		return
	}
	server, err := e.listen(at, p.binding)
	switch {
	case err == nil:
		p.server, p.failed = server, nil
		e.tell(Event{Kind: PortOpened, Way: p.binding.way})
	case errors.Is(err, errors.ErrUnsupported):
		p.failed = err
		e.tell(Event{Kind: PortUnsupported, Way: p.binding.way, Err: err})
	default:
		if p.failed == nil || p.failed.Error() != err.Error() {
			e.tell(Event{Kind: PortFailed, Way: p.binding.way, Err: err})
		}
		p.failed = err
		e.retry.after(e.options.Retry, e.retryPorts)
	}
}

func (e *Engine) rebind(at socket, p *port, to *binding) {
	p.binding = to
	switch {
	case p.server == nil:
		if to.listens() || p.failed != nil {
			p.failed = nil
			e.bind(at, p)
		}
	case to.listens():
		p.server.update(to)
	default:
		e.closePort(p, reason(to))
	}
}

func (e *Engine) closePort(p *port, reason string) {
	if p.server == nil {
		return
	}
	p.server.close()
	p.server = nil
	e.tell(Event{Kind: PortClosed, Way: p.binding.way, Reason: reason})
}

// retryPorts tries again what could not be opened.
func (e *Engine) retryPorts() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped {
		return
	}
	for at, port := range e.ports {
		if port.failed != nil && !errors.Is(port.failed, errors.ErrUnsupported) {
			e.bind(at, port)
		}
	}
}

// listen makes the server of a socket.
func (e *Engine) listen(at socket, b *binding) (server, error) {
	switch at.protocol {
	case "TCP":
		return e.listenTCP(at, b)
	}
	return nil, fmt.Errorf("%s: %w", at.protocol, errors.ErrUnsupported)
}

func reason(b *binding) string {
	if b.verdict.Action == route.Unknown {
		return "endpoints are not known"
	}
	return b.verdict.Reason
}

// ClashError tells that another service, or another node, has the address.
type ClashError struct{ Holder Way }

func (e *ClashError) Error() string {
	return fmt.Sprintf("%s is taken by service %s/%s on node %s", e.Holder.Address, e.Holder.Namespace, e.Holder.Service, e.Holder.Node)
}

// retrier runs a function once after a while, however often it is asked to.
type retrier struct {
	timer   *time.Timer
	pending atomic.Bool
}

func (r *retrier) after(wait time.Duration, do func()) {
	if !r.pending.CompareAndSwap(false, true) {
		return
	}
	r.timer = time.AfterFunc(wait, func() {
		r.pending.Store(false)
		do()
	})
}

func (r *retrier) stop() {
	if r.timer != nil {
		r.timer.Stop()
	}
}
