package engine

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

func TestANodePortLeadsToAnEndpoint(t *testing.T) {
	port := freePort(t)
	e := start(t, Options{})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	c := dial(t, at(port))
	if got := c.line(t); got != "one" {
		t.Errorf("reached %q", got)
	}
	c.say(t, "hello")
	if got := c.line(t); got != "hello" {
		t.Errorf("the endpoint echoed %q", got)
	}
}

func TestAClientThatHasSaidItsLastIsStillAnswered(t *testing.T) {
	port := freePort(t)
	e := start(t, Options{})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	c := dial(t, at(port))
	c.say(t, "last")
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c.lines); err != nil || string(got) != "one\nlast\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAServiceWithoutEndpointsRefuses(t *testing.T) {
	port := freePort(t)
	events := newLog()
	e := start(t, Options{Events: events.add})
	e.Execute(tableOf(web(port)))
	if event := events.await(t, PortClosed); event.Reason != "no endpoints" {
		t.Errorf("closed because of %q", event.Reason)
	}
	if !refused(t, at(port)) {
		t.Error("the port is open")
	}
}

func TestConnectionsSurviveThatTheirServiceGoes(t *testing.T) {
	port := freePort(t)
	events := newLog()
	e := start(t, Options{Events: events.add})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	c := dial(t, at(port))
	c.line(t)
	e.Execute(&route.Table{})
	events.await(t, PortClosed)
	if !refused(t, at(port)) {
		t.Error("the port is open")
	}
	c.say(t, "still here")
	if got := c.line(t); got != "still here" {
		t.Errorf("the endpoint echoed %q", got)
	}
}

func TestAPortIsToldToCloseOnlyWhereAnotherServiceGetsIt(t *testing.T) {
	port := freePort(t)
	type change struct {
		service string
		kind    EventKind
	}
	var told []change
	e := start(t, Options{Events: func(e Event) { told = append(told, change{e.Way.Service, e.Kind}) }})
	service := web(port, backend(t, "one"))
	e.Execute(tableOf(service))
	service.Ports = slices.Clone(service.Ports)
	service.Ports[0].Port++
	e.Execute(tableOf(service))
	service.Name = "api"
	e.Execute(tableOf(service))
	if want := []change{{"web", PortOpened}, {"web", PortClosed}, {"api", PortOpened}}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

func TestAnEndpointThatRefusesIsNotTheLast(t *testing.T) {
	port, dead := freePort(t), freePort(t)
	e := start(t, Options{Random: func(int) int { return 0 }})
	e.Execute(tableOf(web(port, at(dead), backend(t, "two"))))
	if got := dial(t, at(port)).line(t); got != "two" {
		t.Errorf("reached %q", got)
	}
}

func TestAPortThatIsTakenIsOpenedWhenItIsFree(t *testing.T) {
	holder := occupy(t)
	port := holder.Addr().Port()
	events := newLog()
	e := start(t, Options{Events: events.add, Retry: 1})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	events.await(t, PortFailed)
	holder.Close()
	events.await(t, PortOpened)
	if got := dial(t, at(port)).line(t); got != "one" {
		t.Errorf("reached %q", got)
	}
}

func TestShutdownWaitsForConnections(t *testing.T) {
	port := freePort(t)
	e := New(Options{})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	c := dial(t, at(port))
	c.line(t)
	ended := make(chan error)
	go func() { ended <- e.Shutdown(context.Background()) }()
	c.say(t, "still here")
	if got := c.line(t); got != "still here" {
		t.Errorf("the endpoint echoed %q", got)
	}
	c.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestShutdownCutsConnectionsWhenTimeIsUp(t *testing.T) {
	port := freePort(t)
	e := New(Options{})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	c := dial(t, at(port))
	c.line(t)
	if err := e.Shutdown(canceled(t)); err == nil {
		t.Error("Shutdown did not say that it cut")
	}
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the client read %v, want a reset", err)
	}
}

func canceled(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// dialerFunc is a Dialer that is a function.
type dialerFunc func(*Target) (net.Conn, error)

func (f dialerFunc) Dial(_ context.Context, _ string, to *Target) (net.Conn, error) { return f(to) }

func TestEndpointsThatComeWhileOneIsTriedAreTriedNext(t *testing.T) {
	port, old, young := freePort(t), at(1), backend(t, "young")
	var e *Engine
	e = start(t, Options{Dialer: dialerFunc(func(to *Target) (net.Conn, error) {
		if to.Endpoint.Address == old {
			e.Execute(tableOf(web(port, young)))
			return nil, errors.New("it is gone")
		}
		return net.Dial("tcp", to.Endpoint.Address.String())
	})})
	e.Execute(tableOf(web(port, old)))
	if got := dial(t, at(port)).line(t); got != "young" {
		t.Errorf("reached %q", got)
	}
}
