package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// The node has to answer the tunnel's pings: without answers the tunnel is given up.
func TestATunneledConnectionMayBeSilent(t *testing.T) {
	const pingTimeout = 2 * time.Second
	c := rig.Start(t)
	c.NeedImages(t)
	pod := tunnelPod(c.Pod(t, c.Namespace(t), "web", "", "-tcp", ":7"))
	conn := dialPod(t, tunnelTo(t, c.RESTConfig(), tunnel.Options{PingTimeout: pingTimeout}), pod, echoPort)
	if err := echoed(conn); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(4 * pingTimeout))
	if n, err := conn.Read(make([]byte, 1)); !timeout(err) {
		t.Fatalf("read %d bytes, %v", n, err)
	}
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, "still there\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := bufio.NewReader(conn).ReadString('\n'); got != "still there\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestForwardServesClientsThatEndEarly(t *testing.T) {
	c := rig.Start(t)
	s, nodePort := deployed(t, c, 2)
	_, stop := s.forward("→ 2 pods", "web", "--via=tunnel")
	clients := map[string]func(net.Conn) error{
		"half-closes while the pod answers": func(conn net.Conn) error {
			_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
			_ = conn.(interface{ CloseWrite() error }).CloseWrite()
			return answered(conn, 200, -1)
		},
		"uploads": func(conn net.Conn) error {
			_, _ = fmt.Fprintf(conn, "POST /discard HTTP/1.1\r\nHost: web\r\nContent-Length: %d\r\n\r\n", 5<<20)
			_, _ = conn.Write(make([]byte, 5<<20))
			return answered(conn, 200, -1)
		},
		"is answered before it has sent all": func(conn net.Conn) error {
			_, _ = fmt.Fprintf(conn, "POST /status/404 HTTP/1.1\r\nHost: web\r\nContent-Length: %d\r\n\r\n", 64<<20)
			return answered(conn, 404, -1)
		},
		"downloads": func(conn net.Conn) error {
			_, _ = io.WriteString(conn, "GET /bytes/5000000 HTTP/1.0\r\n\r\n")
			return answered(conn, 200, 5000000)
		},
		"closes before it has read all": func(conn net.Conn) error {
			_, _ = io.WriteString(conn, "GET /bytes/50000000 HTTP/1.0\r\n\r\n")
			_, err := io.ReadFull(conn, make([]byte, 100))
			return err
		},
	}
	var all sync.WaitGroup
	for name, client := range clients {
		for range 4 {
			all.Go(func() {
				for range 10 {
					conn, err := c.Client().DialContext(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", nodePort))
					if err != nil {
						t.Errorf("a client that %s: %v", name, err)
						return
					}
					_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
					if err := client(conn); err != nil {
						t.Errorf("a client that %s: %v", name, err)
					}
					_ = conn.Close()
				}
			})
		}
	}
	all.Wait()
	if r := stop(); r.code != 0 {
		t.Errorf("Ctrl-C ends it with exit code %d and %q", r.code, r.err)
	}
}

// answered reads an answer, and its size unless that is negative.
func answered(conn net.Conn, status int, size int64) error {
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	if err == nil && (answer.StatusCode != status || size >= 0 && n != size) {
		err = fmt.Errorf("%s, %d bytes", strings.TrimSpace(answer.Status), n)
	}
	return err
}
