package engine

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAServiceWithEndpointsElsewhereDropsUntilThereIsOneHere(t *testing.T) {
	for _, first := range []string{"drops", "forwards"} {
		t.Run("it "+first+" at first", func(t *testing.T) {
			port := freePort(t)
			events := newLog()
			e := start(t, Options{Events: events.add})
			service := web(port, backend(t, "one"))
			service.ExternalLocal = true
			if first == "forwards" {
				e.Execute(tableOf(service))
				dial(t, at(port)).line(t)
			}
			e.Execute(tableOf(elsewhere(service)))
			_, err := net.DialTimeout("tcp", at(port).String(), 200*time.Millisecond)
			if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() { //nolint:errorlint // as DialTimeout returns it
				t.Fatalf("the client met %v, want silence", err)
			}
			met := make(chan error, 1)
			go func() {
				conn, err := net.DialTimeout("tcp", at(port).String(), 10*time.Second)
				if err == nil {
					conn.Close()
				}
				met <- err
			}()
			e.Execute(tableOf(service))
			if err := <-met; err != nil {
				t.Errorf("a client that waited met %v", err)
			}
			if got := dial(t, at(port)).line(t); got != "one" {
				t.Errorf("reached %q", got)
			}
			events.await(t, PortOpened)
			events.mu.Lock()
			defer events.mu.Unlock()
			if len(events.events) > 0 {
				t.Errorf("the port was touched: %v", events.events)
			}
		})
	}
}

func TestWhoWaitsInTheQueueOfAPortThatClosesIsServed(t *testing.T) {
	port := freePort(t)
	e := start(t, Options{})
	b := newPlan(tableOf(web(port, backend(t, "one"))), false, &plan{}).order[0]
	listener, err := listenTCP(b)
	if err != nil {
		t.Fatal(err)
	}
	loops, err := e.loops.get(e)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := duplicate(listener)
	if err != nil {
		t.Fatal(err)
	}
	s := &loopServer{engine: e, loops: loops, fd: fd}
	s.update(b) // and nobody accepts
	var clients []*client
	for range 3 {
		clients = append(clients, dial(t, at(port)))
	}
	s.close()
	for _, c := range clients {
		if got := c.line(t); got != "one" {
			t.Errorf("reached %q", got)
		}
	}
	if !refused(t, at(port)) {
		t.Error("the port is open")
	}
}

func TestALongNameOfAProgramIsNotCut(t *testing.T) {
	for _, test := range []struct{ name, comm, exe, want string }{
		{"the program's, of which the kernel keeps 15 bytes", "kubectl-nodepor", "/bin/kubectl-nodeport", "kubectl-nodeport"},
		{"the program's, which was deleted since", "kubectl-nodepor", "/bin/kubectl-nodeport (deleted)", "kubectl-nodeport"},
		{"a short one that the process has given itself", "web", "/bin/webserver", "web"},
		{"a long one that the process has given itself", "worker-of-a-pro", "/bin/python3", "worker-of-a-pro"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "comm"), []byte(test.comm+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(test.exe, filepath.Join(folder, "exe")); err != nil {
				t.Fatal(err)
			}
			if got := processName(folder); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTheProgramThatHoldsAPortIsNamed(t *testing.T) {
	holder := occupy(t)
	events := newLog()
	e := start(t, Options{Events: events.add})
	e.Execute(tableOf(web(holder.Addr().Port(), backend(t, "one"))))
	failed := events.await(t, PortFailed)
	held, ok := failed.Err.(*HeldError) //nolint:errorlint // it is not wrapped
	if !ok || held.PID != os.Getpid() || held.Process != processName("/proc/self") {
		t.Errorf("told %v", failed.Err)
	}
	if state := e.Status().Ports[0].Addresses[0]; state.State != "failed" || !strings.Contains(state.Reason, "is taken by") {
		t.Errorf("status %+v", state)
	}
}
