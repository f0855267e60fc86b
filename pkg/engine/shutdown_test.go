package engine

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

// stuck is a Dialer that waits for nothing that Shutdown can end.
type stuck struct{ dialing, goesOn chan struct{} }

func (s *stuck) Dial(context.Context, string, *Target) (net.Conn, error) {
	s.dialing <- struct{}{}
	<-s.goesOn
	return nil, errors.New("stuck")
}

// wantPromptShutdown shuts an engine down whose context is over.
func wantPromptShutdown(t *testing.T, e *Engine) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- e.Shutdown(canceled(t)) }()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it returned %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it did not return")
	}
}

func TestShutdownDoesNotWaitLongerThanItsContext(t *testing.T) {
	t.Run("for a dialer", func(t *testing.T) {
		for _, protocol := range []string{"TCP", "UDP"} {
			t.Run(protocol, func(t *testing.T) {
				port, dialer := freePort(t), &stuck{dialing: make(chan struct{}, 1), goesOn: make(chan struct{})}
				defer close(dialer.goesOn)
				e := New(Options{Dialer: dialer})
				service := web(port, at(1))
				service.Ports[0].Protocol = protocol
				e.Execute(tableOf(service))
				conn, err := net.Dial(map[string]string{"TCP": "tcp", "UDP": "udp"}[protocol], at(port).String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if _, err := conn.Write([]byte("hello")); err != nil {
					t.Fatal(err)
				}
				<-dialer.dialing
				wantPromptShutdown(t, e)
			})
		}
	})
	t.Run("for a receiver of accesses", func(t *testing.T) {
		port, reported, goesOn := freePort(t), make(chan struct{}, 1), make(chan struct{})
		defer close(goesOn)
		e := New(Options{Access: func(*Access) {
			reported <- struct{}{}
			<-goesOn
		}})
		e.Execute(tableOf(web(port, backend(t, "one"))))
		dial(t, at(port)).Close()
		<-reported
		wantPromptShutdown(t, e)
	})
	t.Run("for a table that is executed", func(t *testing.T) {
		reported, goesOn := make(chan struct{}, 10), make(chan struct{})
		e := New(Options{Events: func(Event) {
			reported <- struct{}{}
			<-goesOn
		}})
		executed := make(chan struct{})
		go func() {
			defer close(executed)
			e.Execute(tableOf(web(freePort(t), at(1))))
		}()
		<-reported
		wantPromptShutdown(t, e)
		close(goesOn)
		<-executed
	})
}

func TestNoPortIsOpenedOnceShutdownHasBegun(t *testing.T) {
	port := freePort(t)
	e := New(Options{})
	e.closing.Store(true)
	e.Execute(tableOf(web(port, backend(t, "one"))))
	if !refused(t, at(port)) {
		t.Error("the port is open")
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
