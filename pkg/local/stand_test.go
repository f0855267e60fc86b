package local

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// probed is a Deployment of two pods with a readiness probe, and its service.
const probed = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web
        ports: [{name: http, containerPort: 300}]
        readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 1, failureThreshold: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{nodePort: %d, port: 82, targetPort: http}]
`

// awaited are the events of a run.
type awaited chan Event

func (a awaited) event(e Event) {
	select {
	case a <- e:
	default: // the test looks at the first thousand
	}
}

// until waits for an event of a kind whose message holds a text.
func (a awaited) until(t *testing.T, kind EventKind, text string) Event {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case e := <-a:
			if e.Kind == kind && strings.Contains(e.Message, text) {
				return e
			}
		case <-limit:
			t.Fatalf("no %s came", kind)
		}
	}
}

func newAwaited() awaited { return make(awaited, 1000) }

func TestAPodGetsTrafficAsLongAsItsReadinessProbeSucceeds(t *testing.T) {
	var well atomic.Bool
	well.Store(true)
	app := func(name string) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/ready" && name == "first" && !well.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			fmt.Fprint(w, name)
		}))
		t.Cleanup(server.Close)
		return server
	}
	first, second := app("first"), app("second")
	events, port := newAwaited(), freePort(t)
	c := run(t, Options{
		Nodes: 1, Events: events.event,
		Backends: []Backend{{Name: "web", Addresses: []string{first.Listener.Addr().String(), second.Listener.Addr().String()}}},
	}, fmt.Sprintf(probed, port))
	events.until(t, PodReady, "")
	events.until(t, PodReady, "")

	well.Store(false)
	if e := events.until(t, PodNotReady, "503"); e.Object.Name != "web-1" {
		t.Errorf("%s is not ready, want web-1", e.Object)
	}
	if ready := c.Table().Services[0].Ports[0].ReadyEndpoints(); ready != 1 {
		t.Errorf("%d endpoints are ready, want 1", ready)
	}
	for range 10 {
		if page, err := fetch(t, fmt.Sprintf("127.0.0.1:%d", port)); err != nil || page != "second" {
			t.Fatalf("got %q, %v", page, err)
		}
	}
	well.Store(true)
	events.until(t, PodReady, "")
}

func TestAnApplicationThatStartsLateIsWaitedForAndReadyWhenItListens(t *testing.T) {
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	events := newAwaited()
	run(t, Options{Nodes: 1, Events: events.event, Backends: []Backend{{Name: "web-1", Addresses: []string{address}}}},
		strings.Replace(fmt.Sprintf(probed, freePort(t)), "periodSeconds: 1", "periodSeconds: 3600", 1))
	if e := events.until(t, PodWaiting, ""); e.Message != "nobody listens at "+address || e.Object.Name != "web-1" {
		t.Errorf("it was told that %s waits: %s", e.Object, e.Message)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	app := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go func() { _ = app.Serve(listener) }()
	defer app.Close()
	for events.until(t, PodReady, "").Object.Name != "web-1" {
	}
}

func TestACommandThatWasStartedAgainIsReadyOnlyWhenItListensAgain(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: the command is one of a Unix shell")
	}
	// The test listens where the command says that it is to listen, and has the
	// command end.
	step := filepath.Join(t.TempDir(), "step")
	t.Setenv("STEP", step)
	events := newAwaited()
	run(t, Options{Nodes: 1, Events: events.event, Commands: []Command{{
		Name: "web-1", Line: `echo "$PORT"; while [ ! -e "$STEP" ]; do sleep 0.05; done; rm "$STEP"`,
	}}}, strings.Replace(fmt.Sprintf(probed, freePort(t)), "periodSeconds: 1", "periodSeconds: 3600", 1))
	address := "127.0.0.1:" + events.until(t, Log, "").Message
	listen := func() *httptest.Server {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		app := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		_ = app.Listener.Close()
		app.Listener = listener
		app.Start()
		return app
	}
	ready := func() {
		for events.until(t, PodReady, "").Object.Name != "web-1" {
		}
	}
	app := listen()
	ready()
	app.Close()
	if err := os.WriteFile(step, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	events.until(t, CommandEnded, "")
	events.until(t, PodWaiting, "nobody listens at "+address)
	app = listen()
	defer app.Close()
	ready()
}

func TestACommandGetsItsPortAndEndsWithItsChildren(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: the command is one of a Unix shell")
	}
	notes := filepath.Join(t.TempDir(), "child")
	events := newAwaited()
	c, err := New(Options{Nodes: 1, Events: events.event, Commands: []Command{{
		Name: "web", Line: `sleep 1000 & echo $! > "$NOTES.$POD_NAME"; echo "$POD_NAME $NODE_NAME $HOST $((PORT == PORT_HTTP))"; wait`,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTES", notes)
	c.Load(read(t, fmt.Sprintf(probed, freePort(t))))
	events.until(t, Log, "web-1 node-1 127.0.0.1 1")
	_ = c.Shutdown(t.Context())
	text, err := os.ReadFile(notes + ".web-1")
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := awaitGone(child); err != nil {
		t.Error(err)
	}
}

// awaitGone waits until a process that was killed is gone: an orphan is taken
// away by the system when it gets to it.
func awaitGone(pid int) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return nil
	}
	for range 1000 {
		if errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone) || isZombie(pid) {
			return nil
		}
		time.Sleep(5 * time.Millisecond) // the system tells no one
	}
	return fmt.Errorf("process %d lives on", pid)
}

// isZombie tells a process that has ended, and that nobody has asked how.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestACommandThatEndsIsStartedAgain(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: the command is one of a Unix shell")
	}
	events := newAwaited()
	run(t, Options{Nodes: 1, Events: events.event, Commands: []Command{{Name: "web-1", Line: "echo came; exit 3"}}},
		fmt.Sprintf(probed, freePort(t)))
	events.until(t, CommandEnded, "it has ended: exit status 3; it is started again in 1s")
	events.until(t, CommandEnded, "it is started again in 2s")
}

func TestAProbeThatRunsACommandIsToldAndTakenAsReady(t *testing.T) {
	app := httptest.NewServer(http.NotFoundHandler())
	defer app.Close()
	events := newAwaited()
	run(t, Options{Nodes: 1, Events: events.event, Backends: []Backend{{Name: "web", Addresses: []string{app.Listener.Addr().String()}}}},
		strings.ReplaceAll(fmt.Sprintf(probed, freePort(t)), "httpGet: {path: /ready, port: http}", `exec: {command: ["true"]}`))
	events.until(t, ProbeSkipped, "runs a command in the container")
	events.until(t, PodReady, "")
}
