package tunnel

import (
	"bufio"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// server is an API server with its nodes, reduced to port forwarding. Its SPDY is
// that of Kubernetes, and its WebSocket is not ours.
type server struct {
	*httptest.Server
	t testing.TB
	// forward handles a connection to a port as a container runtime does.
	forward func(port string, data httpstream.Stream) error
	// careless makes the runtime leave the streams of failed connections open, as
	// containerd 1.6 does.
	careless bool
	// refuse answers a request instead of an upgrade, or reports false. If it is
	// nil, all requests are upgraded.
	refuse func(w http.ResponseWriter, r *http.Request) bool

	mu    sync.Mutex
	conns []net.Conn // of the tunnels
}

// start starts a server. Set its fields before the first request.
func start(t testing.TB) *server {
	t.Helper()
	s := prepare(t)
	s.Start()
	return s
}

// prepare returns a server that is not started.
func prepare(t testing.TB) *server {
	t.Helper()
	s := &server{t: t, forward: func(port string, data httpstream.Stream) error { return ports[port](data) }}
	s.Server = httptest.NewUnstartedServer(s)
	t.Cleanup(func() {
		s.cut()
		s.Close()
	})
	return s
}

// ports holds the applications of the pod by their ports.
var ports = map[string]func(data httpstream.Stream) error{
	"7": echo,
	"9": func(httpstream.Stream) error {
		return errors.New("failed to connect to localhost:9 inside namespace, IPv4: dial tcp4 127.0.0.1:9: connect: connection refused")
	},
	"11": func(data httpstream.Stream) error {
		_, _ = io.WriteString(data, "half of an ans")
		return errors.New("read tcp 127.0.0.1:1->127.0.0.1:11: read: connection reset by peer")
	},
	"13": func(data httpstream.Stream) error { // reads, and writes nothing
		_, _ = io.Copy(io.Discard, data)
		return nil
	},
	"15": func(data httpstream.Stream) error { // writes without end
		for chunk := make([]byte, 32<<10); ; {
			if _, err := data.Write(chunk); err != nil {
				return nil
			}
		}
	},
	"17": func(data httpstream.Stream) error { // answers in parts, unless the client ends first, as runtimes do
		ended := make(chan struct{})
		go func() {
			_, _ = io.Copy(io.Discard, data)
			close(ended)
		}()
		for range 5 {
			_, _ = io.WriteString(data, "part ")
			select {
			case <-ended:
				return nil
			case <-time.After(150 * time.Millisecond): // longer than an answered end is held back
			}
		}
		return nil
	},
	"19": func(httpstream.Stream) error { return errors.New(`network namespace for sandbox "1" is closed`) },
}

func echo(data httpstream.Stream) error {
	_, _ = io.Copy(data, data)
	return nil
}

// config returns the configuration of a client of the server.
func (s *server) config() *rest.Config {
	config := &rest.Config{Host: s.URL}
	if s.TLS != nil {
		config.CAData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	}
	return config
}

// cut closes the connections of the tunnels, as a failing network does.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.refuse != nil && s.refuse(w, r) {
		return
	}
	if !strings.HasSuffix(r.URL.Path, "/portforward") {
		http.NotFound(w, r)
		return
	}
	conn, err := s.upgrade(w, r)
	if err != nil {
		s.t.Errorf("upgrade: %v", err)
		return
	}
	s.mu.Lock()
	s.conns = append(s.conns, conn)
	s.mu.Unlock()
	s.serve(conn)
}

func (s *server) upgrade(w http.ResponseWriter, r *http.Request) (net.Conn, error) {
	if websocket.IsWebSocketUpgrade(r) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"SPDY/3.1+" + protocol}}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return nil, err
		}
		return portforward.NewTunnelingConnection("server", conn), nil
	}
	conn, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"+
		"X-Stream-Protocol-Version: %s\r\n\r\n", r.Header.Get("X-Stream-Protocol-Version"))
	return &hijacked{conn, buffered.Reader}, err
}

type hijacked struct {
	net.Conn
	in *bufio.Reader
}

func (h *hijacked) Read(p []byte) (int, error) { return h.in.Read(p) }

// serve pairs the streams of connections, as the server of the CRI does.
func (s *server) serve(conn net.Conn) {
	var mu sync.Mutex
	waiting := map[string]httpstream.Stream{}
	_, err := spdy.NewServerConnection(conn, func(stream httpstream.Stream, replied <-chan struct{}) error {
		mu.Lock()
		defer mu.Unlock()
		id := stream.Headers().Get("requestID")
		other := waiting[id]
		if other == nil {
			waiting[id] = stream
			return nil
		}
		delete(waiting, id)
		reason, data := other, stream
		if data.Headers().Get("streamType") == "error" {
			reason, data = stream, other
		}
		go func() {
			<-replied
			s.pair(reason, data)
		}()
		return nil
	})
	if err != nil {
		s.t.Errorf("serve: %v", err)
	}
}

func (s *server) pair(reason, data httpstream.Stream) {
	err := s.forward(data.Headers().Get("port"), data)
	if err != nil {
		_, _ = io.WriteString(reason, err.Error())
		if !s.careless {
			_ = data.Reset()
			_ = reason.Reset()
		}
	}
	_ = reason.Close()
	_ = data.Close()
}

// status writes a refusal as the API server does.
func status(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) bool {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message,
	})
	return true
}

// dialer returns a Dialer and checks that nothing is left of it when the test ends.
func dialer(t testing.TB, s *server, options Options) *Dialer {
	t.Helper()
	d, err := New(s.config(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = d.Close()
		noneLeft(t)
	})
	return d
}

// noneLeft fails the test if goroutines of the package stay. Their end cannot be
// awaited, so it polls.
func noneLeft(t testing.TB) {
	t.Helper()
	var left []string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if left = ours(); len(left) == 0 {
			return
		}
	}
	t.Errorf("%d goroutines are left, as:\n%s", len(left), left[0])
}

// ours returns the stacks of the goroutines that run code of the package, not of
// its tests.
func ours() []string {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var left []string
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		for line := range strings.SplitSeq(stack, "\n") {
			if strings.Contains(line, "/pkg/tunnel/") && strings.HasPrefix(line, "\t") && !strings.Contains(line, "_test.go") {
				left = append(left, stack)
				break
			}
		}
	}
	return left
}

var testPod = Pod{Namespace: "docs", Name: "web", UID: "1"}

func connect(t testing.TB, d *Dialer, port uint16) *Conn {
	t.Helper()
	c, err := d.DialPod(t.Context(), testPod, port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// mustEcho sends a text to the echo port and reads it back.
func mustEcho(t testing.TB, c *Conn, text string) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatalf("write: %v", err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
		t.Fatalf("echo: %q, %v", got, err)
	}
}
