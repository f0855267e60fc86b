package local

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
)

// untilPort waits for an event of the engine.
func (a awaited) untilPort(t *testing.T, kind engine.EventKind) engine.Event {
	t.Helper()
	for {
		if e := a.until(t, Port, ""); e.Engine.Kind == kind {
			return e.Engine
		}
	}
}

func TestAPortThatIsTakenIsOpenedWhenItIsFree(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := taken.Addr().(*net.TCPAddr).AddrPort()
	events := newAwaited()
	run(t, Options{Nodes: 1, Events: events.event, Engine: engine.Options{Retry: 10 * time.Millisecond}}, fmt.Sprintf(web, at.Port()))
	if e := events.untilPort(t, engine.PortFailed); e.Way.Address != at {
		t.Errorf("%s cannot be opened, want %s", e.Way.Address, at)
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	if e := events.untilPort(t, engine.PortOpened); e.Way.Address != at {
		t.Errorf("%s is open, want %s", e.Way.Address, at)
	}
	if _, err := fetch(t, at.String()); err != nil {
		t.Error(err)
	}
}

// echoes is a pod and a service of TCP and UDP on one node port, %d.
const echoes = `
apiVersion: v1
kind: Pod
metadata: {name: echo, labels: {app: echo}}
spec:
  containers:
  - name: echo
    image: echo
    ports: [{containerPort: 7}, {containerPort: 7, protocol: UDP}]
---
apiVersion: v1
kind: Service
metadata: {name: echo}
spec:
  type: NodePort
  selector: {app: echo}
  ports: [{name: tcp, nodePort: %d, port: 7}, {name: udp, nodePort: %[1]d, port: 7, protocol: UDP}]
`

func TestAStandInSendsBackWhatComesByTCPAndByUDP(t *testing.T) {
	port := freePort(t)
	run(t, Options{Nodes: 1}, fmt.Sprintf(echoes, port))
	for _, network := range []string{"tcp", "udp"} {
		t.Run(network, func(t *testing.T) {
			conn, err := net.Dial(network, fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			for _, line := range []string{"hello\n", "again\n"} {
				if _, err := io.WriteString(conn, line); err != nil {
					t.Fatal(err)
				}
				buffer := make([]byte, 100)
				if n, err := conn.Read(buffer); err != nil || string(buffer[:n]) != line {
					t.Errorf("read %q, %v, want %q", buffer[:n], err, line)
				}
			}
		})
	}
}

func TestAServiceOfIPv6IsServedOnTheLoopbackAddressThatThereIs(t *testing.T) {
	if !canListen(netip.IPv6Loopback()) {
		t.Skip("skipped: this machine has no IPv6 loopback address")
	}
	port := freePort(t)
	for name, families := range map[string]string{"alone": "[IPv6]", "before IPv4": "[IPv6, IPv4]", "behind IPv4": "[IPv4, IPv6]"} {
		t.Run(name, func(t *testing.T) {
			policy := "SingleStack"
			if strings.Contains(families, ",") {
				policy = "RequireDualStack"
			}
			c := run(t, Options{Nodes: 2}, strings.Replace(fmt.Sprintf(web, port), "clusterIP: 10.3.11.5",
				"ipFamilyPolicy: "+policy+"\n  ipFamilies: "+families, 1))
			page, err := fetch(t, fmt.Sprintf("[::1]:%d", port))
			if want := fmt.Sprintf(" → node node-1 [::1]:%d → service web ", port); err != nil || !strings.HasPrefix(page, "client [::1]:") || !strings.Contains(page, want) {
				t.Errorf("got %q, %v, want …%q…", page, err, want)
			}
			service := c.Snapshot().Service("default", "web")
			if got := len(service.Spec.ClusterIPs); got != 1+strings.Count(families, ",") {
				t.Errorf("the cluster IPs are %v", service.Spec.ClusterIPs)
			}
			_, err = fetch(t, fmt.Sprintf("127.0.0.1:%d", port))
			if served := strings.Contains(families, "IPv4"); (err == nil) != served {
				t.Errorf("by IPv4: %v", err)
			}
		})
	}
}

func TestAProbeOfAnyKindFindsWhetherAnApplicationIsReady(t *testing.T) {
	for name, test := range map[string]struct {
		probe  string
		app    func(ready *atomic.Bool) http.HandlerFunc
		reason string
	}{
		"gRPC": {"grpc: {port: 300, service: shop}", grpcHealth, "its gRPC health check says that it is not serving"},
		"HTTP": {"httpGet: {path: /ready, port: http}", httpHealth, "its readiness probe is answered 503 Service Unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			var ready atomic.Bool
			app := httptest.NewUnstartedServer(test.app(&ready))
			app.Config.Protocols = &http.Protocols{}
			app.Config.Protocols.SetHTTP1(true)
			app.Config.Protocols.SetUnencryptedHTTP2(true)
			app.Start()
			defer app.Close()
			events := newAwaited()
			run(t, Options{Nodes: 1, Events: events.event, Backends: []Backend{{Name: "web-1", Addresses: []string{app.Listener.Addr().String()}}}},
				strings.Replace(fmt.Sprintf(probed, freePort(t)), "httpGet: {path: /ready, port: http}", test.probe, 1))
			events.until(t, PodWaiting, test.reason)
			ready.Store(true)
			untilWeb1(t, events, PodReady)
			ready.Store(false)
			untilWeb1(t, events, PodNotReady)
		})
	}
}

// untilWeb1 waits for an event of the pod web-1.
func untilWeb1(t *testing.T, events awaited, kind EventKind) Event {
	t.Helper()
	for {
		if e := events.until(t, kind, ""); e.Object.Name == "web-1" {
			return e
		}
	}
}

func httpHealth(ready *atomic.Bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !ready.Load() || r.URL.Path != "/ready" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
}

// grpcHealth answers as a gRPC server with the health service does, about the
// service "shop".
func grpcHealth(ready *atomic.Bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		if r.URL.Path != "/grpc.health.v1.Health/Check" || string(body) != "\x00\x00\x00\x00\x06\x0a\x04shop" {
			w.Header().Set("Grpc-Status", "12")
			return
		}
		status := byte(2) // NOT_SERVING
		if ready.Load() {
			status = 1
		}
		_, _ = w.Write([]byte{0, 0, 0, 0, 2, 0x08, status})
		w.Header().Set("Grpc-Status", "0")
	}
}

func TestATCPProbeFindsWhetherAnApplicationListens(t *testing.T) {
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	events := newAwaited()
	run(t, Options{Nodes: 1, Events: events.event, Backends: []Backend{{Name: "web-1", Addresses: []string{address}}}},
		strings.Replace(fmt.Sprintf(probed, freePort(t)), "httpGet: {path: /ready, port: http}", "tcpSocket: {port: 300}", 1))
	events.until(t, PodWaiting, "nobody listens at "+address)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	untilWeb1(t, events, PodReady)
	if conn, err := listener.Accept(); err != nil {
		t.Error(err)
	} else if _, err := bufio.NewReader(conn).ReadByte(); err != io.EOF {
		t.Errorf("the probe says something: %v", err)
	}
	_ = listener.Close()
	if e := untilWeb1(t, events, PodNotReady); e.Message != "nobody listens at "+address {
		t.Errorf("it is not ready because %s", e.Message)
	}
}
