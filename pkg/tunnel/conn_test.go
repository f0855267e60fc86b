package tunnel

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/net/nettest"
	"k8s.io/streaming/pkg/httpstream"
)

// transports runs a test over each transport.
func transports(t *testing.T, test func(t *testing.T, s *server)) {
	for _, name := range []transportName{webSocketTransport, spdyTransport} {
		t.Run(string(name), func(t *testing.T) {
			if name == spdyTransport {
				t.Setenv("KUBECTL_PORT_FORWARD_WEBSOCKETS", "false")
			}
			test(t, start(t))
		})
	}
}

func TestAConnectionIsANetConn(t *testing.T) {
	transports(t, func(t *testing.T, s *server) {
		pods := make(chan net.Conn)
		s.forward = func(_ string, data httpstream.Stream) error {
			ours, theirs, err := pipe()
			if err != nil {
				return err
			}
			pods <- theirs
			done := make(chan struct{}, 2)
			go func() { _, _ = io.Copy(ours, data); done <- struct{}{} }()
			go func() { _, _ = io.Copy(data, ours); done <- struct{}{} }()
			<-done
			return ours.Close()
		}
		d := dialer(t, s, Options{})
		nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
			c, err := d.DialPod(t.Context(), testPod, 7)
			if err != nil {
				return nil, nil, nil, err
			}
			pod := <-pods
			return c, pod, func() { _, _ = c.Close(), pod.Close() }, nil
		})
	})
}

// pipe returns the ends of a connection over loopback, which has buffers like that
// of a pod.
func pipe() (a, b net.Conn, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		return nil, nil, err
	}
	b, err = l.Accept()
	return a, b, err
}

func TestAConnectionCarriesWhatIsSent(t *testing.T) {
	transports(t, func(t *testing.T, s *server) {
		d := dialer(t, s, Options{})
		c := connect(t, d, 7)
		mustEcho(t, c, "hello")
		mustEcho(t, c, strings.Repeat("0123456789abcdef", 128<<10/16)) // more than a frame
		if c.RemoteAddr().String() != "docs/web:7" {
			t.Errorf("remote address %v", c.RemoteAddr())
		}
	})
}

func TestConcurrentConnectionsReadTheirOwnData(t *testing.T) {
	d := dialer(t, start(t), Options{})
	var all sync.WaitGroup
	for i := range 8 {
		c := connect(t, d, 7)
		sent := bytes.Repeat([]byte{byte('a' + i)}, 1<<20)
		all.Go(func() {
			if _, err := c.Write(sent); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			got := make([]byte, len(sent))
			if _, err := io.ReadFull(iotest.HalfReader(c), got); err != nil || !bytes.Equal(got, sent) {
				t.Errorf("connection %d read what it did not write, or not all of it: %v", i, err)
			}
		})
	}
	all.Wait()
}

func TestFailuresHaveKinds(t *testing.T) {
	transports(t, func(t *testing.T, s *server) {
		for _, test := range []struct {
			name string
			port uint16
			read string
			kind Kind
		}{
			{"nothing listens at the port", 9, "", Refused},
			{"the pod resets in the middle of an answer", 11, "half of an ans", Reset},
			{"the sandbox of the pod is gone", 19, "", PodGone},
		} {
			t.Run(test.name, func(t *testing.T) {
				c := connect(t, dialer(t, s, Options{}), test.port)
				_, _ = io.WriteString(c, "early bytes")
				got, err := io.ReadAll(c)
				if string(got) != test.read || !isKind(err, test.kind) {
					t.Errorf("read %q, %v; want %q, %s", got, err, test.read, test.kind)
				}
				if strings.Contains(err.Error(), "sandbox") || strings.Contains(err.Error(), "tcp") {
					t.Errorf("the text of the container runtime is shown: %v", err)
				}
				if _, err := c.Write([]byte("more")); !isKind(err, test.kind) {
					t.Errorf("write: %v", err)
				}
			})
		}
	})
}

func TestARefusalDoesNotAffectOtherConnections(t *testing.T) {
	for _, careless := range []bool{false, true} {
		t.Run(map[bool]string{false: "by a runtime that resets streams", true: "by a runtime that leaves them"}[careless], func(t *testing.T) {
			s := start(t)
			s.careless = careless
			d := dialer(t, s, Options{MaxPerPod: 4})
			open := connect(t, d, 7)
			mustEcho(t, open, "before")
			for range 100 {
				c := connect(t, d, 9)
				_, _ = io.WriteString(c, "early bytes")
				if _, err := io.ReadAll(c); !isKind(err, Refused) {
					t.Fatalf("read: %v", err)
				}
				_ = c.Close()
			}
			mustEcho(t, open, "after")
			for range 20 {
				mustEcho(t, connect(t, d, 7), "anew")
			}
		})
	}
}

func TestAClientThatDoesNotReadBlocksNoOther(t *testing.T) {
	transports(t, func(t *testing.T, s *server) {
		d := dialer(t, s, Options{})
		flood := connect(t, d, 15)
		if _, err := io.ReadFull(flood, make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		for range 50 {
			c := connect(t, d, 7)
			mustEcho(t, c, "hello")
			_ = c.Close()
		}
		if _, err := io.ReadFull(flood, make([]byte, 1<<20)); err != nil {
			t.Errorf("the connection that waited: %v", err)
		}
	})
}

func TestOnASharedTunnelAConnectionThatIsNotReadIsEnded(t *testing.T) {
	s := start(t)
	d := dialer(t, s, Options{MaxPerPod: 1})
	other := connect(t, d, 7)
	mustEcho(t, other, "before")
	flood := connect(t, d, 15)
	ended(flood)
	mustEcho(t, other, "after")
	if _, err := io.Copy(io.Discard, flood); !isKind(err, Overrun) {
		t.Errorf("the connection that was not read: %v", err)
	}
}

// ended waits for the end of a connection without reading from it.
func ended(c *Conn) {
	for {
		c.mu.Lock()
		over, change := c.phase.over(), c.changeLocked()
		c.mu.Unlock()
		if over {
			return
		}
		<-change
	}
}

func TestADeadlineConcernsOneConnection(t *testing.T) {
	d := dialer(t, start(t), Options{MaxPerPod: 1})
	silent, other := connect(t, d, 13), connect(t, d, 7)
	_ = silent.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := silent.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	mustEcho(t, other, "hello")
}

func TestCloseWriteDoesNotCutTheAnswerOff(t *testing.T) {
	s := start(t)
	d := dialer(t, s, Options{})
	c := connect(t, d, 17)
	_, _ = io.WriteString(c, "request")
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("more")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write after CloseWrite: %v", err)
	}
	got, err := io.ReadAll(c)
	if want := strings.Repeat("part ", 5); string(got) != want || err != nil {
		t.Errorf("read %q, %v; want %q", got, err, want)
	}
}

func TestCloseWriteAfterTheAnswerEndsTheConnection(t *testing.T) {
	d := dialer(t, start(t), Options{})
	c := connect(t, d, 7)
	mustEcho(t, c, "hello")
	_ = c.CloseWrite()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read: %v", err)
	}
}

func TestCloseDoesNotWaitForATunnelThatIsStuck(t *testing.T) {
	s := start(t)
	s.forward = func(string, httpstream.Stream) error { // never reads
		<-t.Context().Done()
		return nil
	}
	d := dialer(t, s, Options{})
	c := connect(t, d, 7)
	_ = c.SetWriteDeadline(time.Now().Add(2 * time.Second))
	if _, err := c.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("write: %v", err)
	}
	closed := make(chan struct{})
	go func() {
		_ = c.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("Close waits")
	}
}

func TestConnectionsEndWithTheirTunnel(t *testing.T) {
	transports(t, func(t *testing.T, s *server) {
		r := record()
		d := dialer(t, s, Options{OnEvent: r.add})
		c := connect(t, d, 7)
		mustEcho(t, c, "hello")
		r.await(t, Opened, 2)
		s.cut()
		if _, err := c.Read(make([]byte, 1)); !isKind(err, Lost) {
			t.Errorf("read: %v", err)
		}
		r.await(t, Ended, 2)
		mustEcho(t, connect(t, d, 7), "anew")
	})
}

func TestATunnelEndsWithoutAnswersToPings(t *testing.T) {
	s := start(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	go relay(listener, strings.TrimPrefix(s.URL, "http://"), gate)
	t.Cleanup(func() { _ = listener.Close() })
	config := s.config()
	config.Host = "http://" + listener.Addr().String()
	d, err := New(config, Options{PingTimeout: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(); noneLeft(t) })
	c := connect(t, d, 7)
	mustEcho(t, c, "hello")
	close(gate)
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.Read(make([]byte, 1)); !isKind(err, Lost) {
		t.Errorf("read: %v", err)
	}
}

// relay proxies connections until the gate closes. Then it keeps them open and
// forwards nothing.
func relay(l net.Listener, to string, gate <-chan struct{}) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		pass := func(to io.Writer, from io.Reader) {
			for b := make([]byte, 32<<10); ; {
				n, err := from.Read(b)
				select {
				case <-gate:
					return
				default:
				}
				if _, failed := to.Write(b[:n]); err != nil || failed != nil {
					return
				}
			}
		}
		go pass(in, out)
		go pass(out, in)
	}
}

func TestRefusedTunnelsHaveKinds(t *testing.T) {
	for _, test := range []struct {
		name    string
		code    int
		message string
		kind    Kind
	}{
		{"the user may not", 403, `pods "web" is forbidden: User "jane" cannot create resource "pods/portforward"`, Forbidden},
		{"the token has expired", 401, "Unauthorized", Unauthorized},
		{"the pod is not there", 404, `pods "web" not found`, PodGone},
		{"the kubelet is down", 500, "error dialing backend: dial tcp 10.1.11.4:10250: connect: connection refused", NodeUnreachable},
		{"the pod does not run", 500, "unable to forward port because pod is not running. Current status=Succeeded", PodGone},
		{"it is something else", 400, "bad request", Failed},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			s.refuse = func(w http.ResponseWriter, _ *http.Request) bool { return status(w, test.code, "", test.message) }
			_, err := dialer(t, s, Options{}).DialPod(t.Context(), testPod, 7)
			if !isKind(err, test.kind) || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %v, want %s", err, test.kind)
			}
		})
	}
}

func TestALossBeforeTheNodeKnewIsStale(t *testing.T) {
	s := start(t)
	c := connect(t, dialer(t, s, Options{}), 7)
	mustEcho(t, c, "hello")
	c.mu.Lock()
	c.node = nodeState{} // as if the node had reported nothing yet
	c.mu.Unlock()
	s.cut()
	if _, err := c.Read(make([]byte, 1)); !isKind(err, Stale) {
		t.Errorf("read: %v", err)
	}
}
