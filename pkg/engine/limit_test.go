package engine

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"testing"
)

func TestTooManyConnectionsAreTurnedAway(t *testing.T) {
	port := freePort(t)
	events := newLog()
	e := start(t, Options{MaxConnections: 2, Events: events.add})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	first, second := dial(t, at(port)), dial(t, at(port))
	first.line(t)
	second.line(t)
	for range 3 {
		if err := fate(t, at(port)); !wasReset(err) {
			t.Errorf("the third met %v", err)
		}
	}
	limit := (*LimitError)(nil)
	if event := events.await(t, LimitReached); !errors.As(event.Err, &limit) || limit.Max != 2 {
		t.Errorf("told %v", event.Err)
	}
	events.mu.Lock()
	for _, event := range events.events {
		if event.Kind == LimitReached {
			t.Error("told twice")
		}
	}
	events.mu.Unlock()
	_ = first.CloseWrite()
	_, _ = io.ReadAll(first)
	for e.open.count() > 1 {
		runtime.Gosched() // the engine sees it in a moment
	}
	if got := dial(t, at(port)).line(t); got != "one" {
		t.Errorf("reached %q", got)
	}
}

func TestDescriptorsSufficeForAllThatIsAllowed(t *testing.T) {
	for _, descriptors := range []int{32, 64, 256, 1024, 1 << 20} {
		for _, ports := range []int{0, 4, 40} {
			for _, udp := range []bool{false, true} {
				r := share(descriptors, ports, udp)
				taken := ports + 2*r.connections + r.sessions + 2*r.pipes
				if left := descriptors - taken; left < min(reservedDescriptors, descriptors/2)/2 && ports < descriptors/4 {
					t.Errorf("%d descriptors, %d ports, UDP %v: %+v leaves %d", descriptors, ports, udp, r, left)
				}
				if r.connections < 1 || r.sessions < 1 || r.pipes < 1 {
					t.Errorf("%d descriptors, %d ports: %+v", descriptors, ports, r)
				}
			}
		}
	}
	if r := share(0, 5, true); r.connections != 0 || r.pipes != 0 || r.sessions != mostSessions {
		t.Errorf("without a limit: %+v", r)
	}
}

func TestMoreConnectionsThanDescriptorsAreNotAllowed(t *testing.T) {
	most := MostConnections()
	if most == 0 {
		t.Skip("skipped: this system does not limit descriptors")
	}
	e := start(t, Options{MaxConnections: most + 1})
	if got := e.Status().MaxConnections; got > most {
		t.Errorf("%d are allowed, but there are descriptors for %d", got, most)
	}
}

func TestAnEndpointIsNotToBlameForWantOfDescriptors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}, true},
		{fmt.Errorf("dial: %w", syscall.EADDRNOTAVAIL), true},
		{&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, false},
	} {
		if got := scarce(c.err); got != c.want {
			t.Errorf("scarce(%v) = %v", c.err, got)
		}
	}
}

func TestAnEndpointThatFailsIsToldOnceAndAgainWhenItRecovers(t *testing.T) {
	port := freePort(t)
	events := newLog()
	e := start(t, Options{Strict: true, Events: events.add})
	down := occupy(t)
	address := down.Addr()
	down.Close()
	e.Execute(tableOf(web(port, address)))
	for range 3 {
		_ = fate(t, at(port))
	}
	if event := events.await(t, EndpointFailed); event.Endpoint != address || !wasRefused(event.Err) {
		t.Errorf("told %+v", event)
	}
	up, err := net.Listen("tcp", address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	dial(t, at(port))
	events.await(t, EndpointRecovered)
	events.mu.Lock()
	defer events.mu.Unlock()
	for _, event := range events.events {
		if event.Kind == EndpointFailed {
			t.Error("told twice")
		}
	}
}
