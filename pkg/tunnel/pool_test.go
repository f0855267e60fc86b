package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/streaming/pkg/httpstream"
)

// recorded collects events.
type recorded struct {
	mu     sync.Mutex
	events []Event
	wake   chan struct{}
}

func record() *recorded { return &recorded{wake: make(chan struct{}, 1)} }

func (r *recorded) add(e Event) {
	r.mu.Lock()
	r.events = append(r.events, e)
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// await waits for n events of a kind.
func (r *recorded) await(t *testing.T, kind EventKind, n int) []Event {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		var found []Event
		r.mu.Lock()
		for _, e := range r.events {
			if e.Kind == kind {
				found = append(found, e)
			}
		}
		r.mu.Unlock()
		if len(found) >= n {
			return found
		}
		select {
		case <-r.wake:
		case <-limit:
			t.Fatalf("%d times %q, want %d", len(found), kind, n)
		}
	}
}

func TestATunnelIsUsedAgain(t *testing.T) {
	d := dialer(t, start(t), Options{})
	for range 20 {
		c := connect(t, d, 7)
		mustEcho(t, c, "hello")
		_ = c.Close()
	}
	if stats := d.Stats(); stats.Dials > 2 { // one, and one to spare
		t.Errorf("20 connections in turn took %d tunnels", stats.Dials)
	}
}

func TestASpareTunnelIsKeptForThePodInUse(t *testing.T) {
	r := record()
	d := dialer(t, start(t), Options{OnEvent: r.add})
	mustEcho(t, connect(t, d, 7), "hello")
	r.await(t, Opened, 2)
	if stats := d.Stats(); stats.Tunnels != 2 || stats.Idle != 1 || stats.Connections != 1 {
		t.Errorf("got %+v", stats)
	}
}

func TestCountsAreWrittenForPrometheus(t *testing.T) {
	var out strings.Builder
	if err := (Stats{Tunnels: 3, Idle: 1, Dials: 7, Failures: 2}).WriteMetrics(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# TYPE nodeport_tunnels_open gauge\nnodeport_tunnels_open 3\n", "nodeport_tunnels_idle 1\n",
		"nodeport_tunnel_dials_total 7\n", "nodeport_tunnel_dial_failures_total 2\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
}

// warm opens a tunnel to the test pod that nobody waits for.
func warm(d *Dialer) {
	d.pools.mu.Lock()
	defer d.pools.mu.Unlock()
	d.keepSpareLocked(d.pools.ofLocked(testPod))
}

// gated is a network connection that delivers nothing while a gate is closed.
type gated struct {
	net.Conn
	gate *atomic.Pointer[chan struct{}]
}

func (g *gated) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if gate := g.gate.Load(); gate != nil {
		<-*gate
	}
	return n, err
}

func TestTheFirstBytesDoNotWaitForTheNode(t *testing.T) {
	transports(t, func(t *testing.T, s *server) {
		var gate atomic.Pointer[chan struct{}]
		arrived := make(chan struct{})
		s.forward = func(_ string, data httpstream.Stream) error {
			early := make([]byte, len("early"))
			_, err := io.ReadFull(data, early)
			close(arrived)
			_, _ = data.Write(early)
			return err
		}
		config := s.config()
		config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return &gated{conn, &gate}, err
		}
		r := record()
		d, err := New(config, Options{OnEvent: r.add, MaxPerPod: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close(); noneLeft(t) })
		warm(d)
		r.await(t, Opened, 1)
		gate.Store(&arrived) // from now on the client hears nothing until the pod has its bytes
		mustEcho(t, connect(t, d, 7), "early")
	})
}

func TestAnIdleTunnelIsClosed(t *testing.T) {
	r := record()
	d := dialer(t, start(t), Options{OnEvent: r.add, Idle: 50 * time.Millisecond})
	c := connect(t, d, 7)
	mustEcho(t, c, "hello")
	_ = c.Close()
	for _, e := range r.await(t, Ended, 2) {
		if e.Err != nil {
			t.Errorf("ended for %v", e.Err)
		}
	}
	if stats := d.Stats(); stats.Tunnels != 0 {
		t.Errorf("got %+v", stats)
	}
}

func TestConnectionsShareTunnelsBeyondTheCap(t *testing.T) {
	for name, options := range map[string]Options{
		"of a pod":    {MaxPerPod: 3},
		"of all pods": {MaxTunnels: 3},
	} {
		t.Run(name, func(t *testing.T) {
			d := dialer(t, start(t), options)
			var all sync.WaitGroup
			for range 60 {
				all.Go(func() { mustEcho(t, connect(t, d, 7), "hello") })
			}
			all.Wait()
			if stats := d.Stats(); stats.Tunnels > 3 || stats.Connections != 60 {
				t.Errorf("got %+v", stats)
			}
		})
	}
}

func TestEveryPodMayHaveOneTunnel(t *testing.T) {
	d := dialer(t, start(t), Options{MaxTunnels: 1})
	for _, name := range []string{"a", "b", "c"} {
		c, err := d.DialPod(t.Context(), Pod{Namespace: "docs", Name: name}, 7)
		if err != nil {
			t.Fatal(err)
		}
		mustEcho(t, c, "hello")
		defer c.Close()
	}
}

func TestTheTransportThatWorksIsRemembered(t *testing.T) {
	s := start(t)
	var sockets atomic.Int32
	s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		sockets.Add(1)
		return status(w, 403, metav1.StatusReasonForbidden, `cannot get resource "pods/portforward"`)
	}
	r := record()
	d := dialer(t, s, Options{OnEvent: r.add, MaxPerPod: 1})
	for _, name := range []string{"a", "b", "c"} {
		c, err := d.DialPod(t.Context(), Pod{Namespace: "docs", Name: name}, 7)
		if err != nil {
			t.Fatal(err)
		}
		mustEcho(t, c, "hello")
		defer c.Close()
	}
	if n := sockets.Load(); n != 1 {
		t.Errorf("WebSocket was tried %d times", n)
	}
	if got := d.Stats().Transport; got != "spdy" {
		t.Errorf("transport %q", got)
	}
	fell := r.await(t, FellBack, 1)
	if len(fell) != 1 || !strings.Contains(fell[0].Err.Error(), "cannot get resource") {
		t.Errorf("events %v", fell)
	}
}

func TestAServerThatIsNotReadyIsTriedAgain(t *testing.T) {
	s := start(t)
	var asked atomic.Int32
	s.refuse = func(w http.ResponseWriter, _ *http.Request) bool {
		return asked.Add(1) <= 4 && status(w, 503, "", "the server is starting")
	}
	d := dialer(t, s, Options{})
	mustEcho(t, connect(t, d, 7), "hello")
	if stats := d.Stats(); stats.Failures == 0 || stats.Dials <= stats.Failures {
		t.Errorf("got %+v", stats)
	}
}

func TestDialingEndsWithItsContext(t *testing.T) {
	s := start(t)
	s.refuse = func(w http.ResponseWriter, _ *http.Request) bool { return status(w, 503, "", "the server is starting") }
	d := dialer(t, s, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := d.DialPod(ctx, testPod, 7); !isKind(err, Unreachable) {
		t.Errorf("got %v, want the reason", err)
	}
	hang := make(chan struct{})
	defer close(hang)
	s.refuse = func(http.ResponseWriter, *http.Request) bool { <-hang; return true }
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := d.DialPod(ctx, Pod{Namespace: "docs", Name: "other"}, 7); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestTheTunnelsOfADeletedPodAreClosed(t *testing.T) {
	r := record()
	d := dialer(t, start(t), Options{OnEvent: r.add})
	open := connect(t, d, 7)
	mustEcho(t, open, "hello")
	r.await(t, Opened, 2)
	gone := connect(t, d, 19)
	if _, err := io.ReadAll(gone); !isKind(err, PodGone) {
		t.Fatalf("read: %v", err)
	}
	_ = gone.Close()
	mustEcho(t, open, "it still drains")
	_ = open.Close()
	for ended := 2; ; ended++ { // the spare one ends too, if it was opened in time
		r.await(t, Ended, ended)
		if stats := d.Stats(); stats.Idle == 0 && stats.Connections == 0 {
			return
		}
	}
}

func TestForgetClosesIdleTunnels(t *testing.T) {
	r := record()
	d := dialer(t, start(t), Options{OnEvent: r.add})
	warm(d)
	r.await(t, Opened, 1)
	d.Forget(testPod)
	r.await(t, Ended, 1)
}

func TestNothingIsDialledAfterClose(t *testing.T) {
	d := dialer(t, start(t), Options{})
	c := connect(t, d, 7)
	mustEcho(t, c, "hello")
	_ = d.Close()
	if _, err := c.Read(make([]byte, 1)); !isKind(err, Closed) {
		t.Errorf("read: %v", err)
	}
	if _, err := d.DialPod(t.Context(), testPod, 7); !isKind(err, Closed) {
		t.Errorf("dial: %v", err)
	}
}

func TestManyConnectionsComeAndGo(t *testing.T) {
	d := dialer(t, start(t), Options{MaxPerPod: 8, MaxTunnels: 12})
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			pod := Pod{Namespace: "docs", Name: string(rune('a' + i%3))}
			for n := range 15 {
				port := []uint16{7, 7, 9, 7, 11}[n%5]
				c, err := d.DialPod(t.Context(), pod, port)
				if err != nil {
					t.Errorf("dial: %v", err)
					return
				}
				if port == 7 {
					mustEcho(t, c, "hello")
				} else if _, err := io.ReadAll(c); !isKind(err, Refused, Reset) {
					t.Errorf("port %d: %v", port, err)
				}
				if n%2 == 0 {
					_ = c.CloseWrite()
				}
				_ = c.Close()
			}
		})
	}
	all.Wait()
	if stats := d.Stats(); stats.Connections != 0 {
		t.Errorf("connections are still counted: %+v", stats)
	}
}

func TestADeadlineMovesWhileItIsAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d deadline
		d.set(time.Now().Add(time.Second))
		expired := d.expired()
		d.set(time.Now().Add(time.Minute))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if isClosed(expired) {
			t.Error("it passed at the time that it had before")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !isClosed(expired) {
			t.Error("it did not pass")
		}
		d.set(time.Time{})
		if isClosed(d.expired()) {
			t.Error("it was not removed")
		}
		d.set(time.Now())
		if !isClosed(d.expired()) {
			t.Error("one of now has not passed")
		}
	})
}

func TestADeadlineCanBeSetAfterItWasStopped(t *testing.T) {
	var d deadline
	d.set(time.Now().Add(time.Hour))
	d.stop()
	set := make(chan struct{})
	go func() {
		d.set(time.Now().Add(-time.Second))
		close(set)
	}()
	select {
	case <-set:
	case <-time.After(10 * time.Second):
		t.Fatal("set waits for a deadline that was stopped")
	}
	<-d.expired()
}

// While a machine sleeps, it receives nothing, and its monotonic clock stands still.
func TestATunnelIsNotUsedAgainAfterTheMachineSlept(t *testing.T) {
	r := record()
	d := dialer(t, start(t), Options{OnEvent: r.add})
	mustEcho(t, connect(t, d, 7), "hello")
	r.await(t, Opened, 2)
	d.pools.mu.Lock()
	for _, p := range d.pools.byPod {
		for s := range p.sessions {
			s.heardClock.Add(-3600)
		}
	}
	d.pools.mu.Unlock()
	mustEcho(t, connect(t, d, 7), "good morning")
	r.await(t, Ended, 1)
}
