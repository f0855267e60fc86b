package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// Ports of the pod that tunnels are tried on; nothing listens at the last.
const (
	httpPort, echoPort, closedPort = 300, 7, 9
)

func tunnelTo(t *testing.T, config *rest.Config, options tunnel.Options) *tunnel.Dialer {
	t.Helper()
	d, err := tunnel.New(config, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func tunnelPod(p *corev1.Pod) tunnel.Pod {
	return tunnel.Pod{Namespace: p.Namespace, Name: p.Name, UID: p.UID}
}

func dialPod(t *testing.T, d *tunnel.Dialer, pod tunnel.Pod, port uint16) *tunnel.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := d.DialPod(ctx, pod, port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c
}

// echoed sends a line to the echo port and awaits it.
func echoed(c net.Conn) error {
	const line = "are you there\n"
	if _, err := io.WriteString(c, line); err != nil {
		return err
	}
	in := bufio.NewReader(c)
	if greeting, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(greeting, "pod ") {
		return fmt.Errorf("greeting %q: %w", greeting, err)
	}
	got, err := in.ReadString('\n')
	if err == nil && got != line {
		err = fmt.Errorf("got %q", got)
	}
	return err
}

func mustEcho(t *testing.T, d *tunnel.Dialer, pod tunnel.Pod) {
	t.Helper()
	c := dialPod(t, d, pod, echoPort)
	if err := echoed(c); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

func kindOf(err error) tunnel.Kind {
	var e *tunnel.Error
	errors.As(err, &e)
	if e == nil {
		return ""
	}
	return e.Kind
}

func TestTunnelsReachPodsOverBothTransports(t *testing.T) {
	c := rig.Start(t)
	c.NeedImages(t)
	ns := c.Namespace(t)
	pod := tunnelPod(c.Pod(t, ns, "web", "", "-http", ":300", "-tcp", ":7"))
	for _, transport := range []string{"websocket", "spdy"} {
		t.Run(transport, func(t *testing.T) {
			if transport == "spdy" {
				t.Setenv("KUBECTL_PORT_FORWARD_WEBSOCKETS", "false")
			}
			d := tunnelTo(t, c.RESTConfig(), tunnel.Options{})
			mustEcho(t, d, pod)
			client := http.Client{Transport: &http.Transport{
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialPod(ctx, pod, httpPort) },
			}}
			defer client.CloseIdleConnections()
			for range 3 {
				answer, err := client.Get("http://web/bytes/10000000")
				if err != nil {
					t.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, answer.Body); n != 10000000 || err != nil {
					t.Errorf("read %d bytes, %v", n, err)
				}
				_ = answer.Body.Close()
			}
			if got := d.Stats().Transport; got != transport {
				t.Errorf("went over %q", got)
			}
		})
	}
}

func TestTunnelsOutliveRefusedConnections(t *testing.T) {
	c := rig.Start(t)
	c.NeedImages(t)
	pod := tunnelPod(c.Pod(t, c.Namespace(t), "web", "", "-tcp", ":7"))
	d := tunnelTo(t, c.RESTConfig(), tunnel.Options{})
	open := dialPod(t, d, pod, echoPort)
	if err := echoed(open); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		refused := dialPod(t, d, pod, closedPort)
		if i%2 == 0 {
			_, _ = io.WriteString(refused, "early bytes")
		}
		if _, err := io.ReadAll(refused); kindOf(err) != tunnel.Refused {
			t.Fatalf("connection %d: %v", i, err)
		}
		_ = refused.Close()
	}
	for range 20 {
		mustEcho(t, d, pod)
	}
	if _, err := io.WriteString(open, "still there\n"); err != nil {
		t.Error(err)
	}
	if got, err := bufio.NewReader(open).ReadString('\n'); got != "still there\n" {
		t.Errorf("the connection that was open: %q, %v", got, err)
	}
}

func TestAClientThatNeverReadsStopsNoOtherTunnel(t *testing.T) {
	c := rig.Start(t)
	c.NeedImages(t)
	pod := tunnelPod(c.Pod(t, c.Namespace(t), "web", "", "-http", ":300", "-tcp", ":7"))
	d := tunnelTo(t, c.RESTConfig(), tunnel.Options{})
	never := dialPod(t, d, pod, httpPort)
	if _, err := io.WriteString(never, "GET /bytes/1000000000 HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := never.Read(make([]byte, 1)); err != nil { // and nothing more of it
		t.Fatal(err)
	}
	upload := dialPod(t, d, pod, echoPort) // nor one that never reads its echo
	_ = upload.SetWriteDeadline(time.Now().Add(3 * time.Second))
	_, _ = upload.Write(make([]byte, 64<<20))
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 5 {
				c := dialPod(t, d, pod, echoPort)
				if err := echoed(c); err != nil {
					t.Error(err)
				}
				_ = c.Close()
			}
		})
	}
	all.Wait()
}

func TestAnAnswerArrivesAfterTheClientHasEndedItsRequest(t *testing.T) {
	c := rig.Start(t)
	c.NeedImages(t)
	pod := tunnelPod(c.Pod(t, c.Namespace(t), "web", "", "-http", ":300", "-delay", "2s"))
	conn := dialPod(t, tunnelTo(t, c.RESTConfig(), tunnel.Options{}), pod, httpPort)
	if _, err := io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(answer), "pod web client 127.0.0.1") {
		t.Errorf("read %q, %v", answer, err)
	}
}

func TestAResetOfThePodIsNotAProperEnd(t *testing.T) {
	c := rig.Start(t)
	c.NeedImages(t)
	pod := tunnelPod(c.Pod(t, c.Namespace(t), "web", "", "-tcp", ":7", "-fault", "reset"))
	conn := dialPod(t, tunnelTo(t, c.RESTConfig(), tunnel.Options{}), pod, echoPort)
	if _, err := io.ReadAll(conn); kindOf(err) != tunnel.Reset {
		t.Errorf("read: %v", err)
	}
}

func TestAPodThatIsDeletedIsTold(t *testing.T) {
	c := rig.Start(t)
	c.NeedImages(t)
	ns := c.Namespace(t)
	pod := tunnelPod(c.Pod(t, ns, "web", "", "-tcp", ":7"))
	d := tunnelTo(t, c.RESTConfig(), tunnel.Options{})
	open := dialPod(t, d, pod, echoPort)
	if err := echoed(open); err != nil {
		t.Fatal(err)
	}
	if err := c.Core().Pods(ns).Delete(t.Context(), pod.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(open); err != nil {
		t.Errorf("the connection that was open: %v", err)
	}
	rig.Eventually(t, time.Minute, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		conn, err := d.DialPod(ctx, pod, echoPort)
		if err == nil {
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			err = echoed(conn)
			_ = conn.Close()
		}
		if kindOf(err) != tunnel.PodGone {
			return fmt.Errorf("got %w, want that the pod is gone", err)
		}
		return nil
	})
	rig.Eventually(t, time.Minute, func() error {
		if stats := d.Stats(); stats.Tunnels != 0 {
			return fmt.Errorf("tunnels stay: %+v", stats)
		}
		return nil
	})
}

func TestTunnelsComeBackWithTheAPIServer(t *testing.T) {
	c := rig.Start(t, rig.Nodes(1), rig.Dedicated())
	c.NeedImages(t)
	pod := tunnelPod(c.Pod(t, c.Namespace(t), "web", "", "-tcp", ":7"))
	d := tunnelTo(t, c.RESTConfig(), tunnel.Options{})
	open := dialPod(t, d, pod, echoPort)
	if err := echoed(open); err != nil {
		t.Fatal(err)
	}
	start := c.StopAPIServer(t)
	if _, err := io.ReadAll(open); kindOf(err) != tunnel.Lost {
		t.Errorf("the open connection: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for { // one may be given that has died just now
			conn, err := d.DialPod(ctx, pod, echoPort)
			if err == nil {
				err = echoed(conn)
				_ = conn.Close()
			}
			if kindOf(err) != tunnel.Lost {
				done <- err
				return
			}
		}
	}()
	start()
	if err := <-done; err != nil {
		t.Errorf("the connection that waited: %v", err)
	}
}

func TestTheLeastRoleForTunnels(t *testing.T) {
	c := rig.Start(t)
	c.NeedImages(t)
	ns := c.Namespace(t)
	pod := tunnelPod(c.Pod(t, ns, "web", "", "-tcp", ":7"))
	for _, test := range []struct {
		name      string
		verbs     []string
		transport string // none: it is forbidden
	}{
		{"create-only", []string{"create"}, "spdy"},
		{"get-only", []string{"get"}, ""},
		{"create-and-get", []string{"create", "get"}, "websocket"},
	} {
		t.Run(test.name, func(t *testing.T) {
			kubeconfig := c.UserIn(t, ns, test.name, rbacv1.PolicyRule{
				APIGroups: []string{""}, Resources: []string{"pods/portforward"}, Verbs: test.verbs,
			})
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			if err != nil {
				t.Fatal(err)
			}
			config.Dial = c.Client().DialContext
			d := tunnelTo(t, config, tunnel.Options{})
			conn, err := d.DialPod(t.Context(), pod, echoPort)
			if test.transport == "" {
				if kindOf(err) != tunnel.Forbidden || !strings.Contains(err.Error(), `cannot create resource "pods/portforward"`) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := echoed(conn); err != nil {
				t.Error(err)
			}
			if got := d.Stats().Transport; got != test.transport {
				t.Errorf("went over %q, want %q", got, test.transport)
			}
		})
	}
}
