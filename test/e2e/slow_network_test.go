package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// What the client finds does not depend on its network: on one that is slow and
// loses packets a service is not said to time out, and what is wrong with it is
// found all the same. That packets are lost may be found as well.
func TestVerdictsAreTheSameOverASlowNetwork(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3))
	bad := rig.Conditions{RoundTrip: 300 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 5}
	tests := map[string]struct {
		pod   []string
		port  string // its name; http unless given
		fault func(t *testing.T, port int)
		want  []string
	}{
		"a service that answers":     {pod: []string{"-http", ":300"}},
		"a pod that does not listen": {pod: []string{"-http", ":301"}, want: []string{"NP307"}},
		"a pod that hangs up":        {pod: []string{"-http", ":300", "-fault", "close"}, want: []string{"NP312"}},
		"HTTP at a port for TLS":     {pod: []string{"-http", ":300"}, port: "https", want: []string{"NP313"}},
		"a firewall": {
			pod:   []string{"-http", ":300"},
			fault: func(t *testing.T, port int) { c.Node(3).Firewall(t, rig.Drop, "tcp", port) },
			want:  []string{"NP301"},
		},
	}
	shells := map[string]shell{}
	for name, test := range tests {
		s := newShell(t, c)
		c.Pod(t, s.namespace, "web", c.Node(1).Name(), test.pod...)
		port := s.service(strings.ReplaceAll(walkedService, "name: http", "name: "+cmp.Or(test.port, "http")))
		if test.fault != nil {
			test.fault(t, port)
		}
		s.finds(s.examine("web"), nil, test.want...)
		shells[name] = s
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			bad.Seed = seed
			c.Client().Impair(t, bad)
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					s := shells[name]
					s.t = t
					r := s.examine("web").without("NP311")
					if name == "HTTP at a port for TLS" { // the reset after its answer overtakes a lost answer
						r = r.without("NP312")
					}
					s.finds(r, nil, test.want...)
				})
			}
		})
	}
}

// without leaves out the findings of an id.
func (r *liveReport) without(id string) *liveReport {
	other := *r
	other.Findings = nil
	for _, f := range r.Findings {
		if f.ID != id {
			other.Findings = append(other.Findings, f)
		}
	}
	return &other
}

func TestForwardOverASlowNetwork(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3))
	s, port := deployed(t, c, 3)
	c.Client().Impair(t, rig.Conditions{RoundTrip: 100 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 2})
	for _, via := range []string{"tunnel", "auto"} {
		t.Run("via "+via, func(t *testing.T) {
			s.t = t
			_, stop := s.forward("→ 3 pods", "web", "--via="+via)
			base := fmt.Sprintf("http://127.0.0.1:%d", port)
			t.Run("many connections", func(t *testing.T) {
				s.t = t
				client := c.Client().HTTPClient()
				client.Timeout = time.Minute
				failed := make(chan error)
				const n = 200
				for range n {
					go func() { failed <- fetch(client, base+"/") }()
				}
				for range n {
					if err := <-failed; err != nil {
						t.Error(err)
					}
				}
			})
			t.Run("a download", func(t *testing.T) {
				s.t = t
				const n = 2 << 20
				if got, err := s.transfer(http.MethodGet, fmt.Sprintf("%s/bytes/%d", base, n), nil); err != nil || len(got) != n {
					t.Errorf("%d of %d bytes: %v", len(got), n, err)
				}
			})
			t.Run("an upload", func(t *testing.T) {
				s.t = t
				const n = 2 << 20
				body := io.LimitReader(rand.NewChaCha8([32]byte{}), n)
				if got, err := s.transfer(http.MethodPost, base+"/discard", body); err != nil || strings.TrimSpace(string(got)) != fmt.Sprint(n) {
					t.Errorf("%q of %d bytes were taken: %v", got, n, err)
				}
			})
			if r := stop(); r.code != 0 || r.err != "" {
				t.Errorf("exit code %d: %s", r.code, r.err)
			}
		})
	}
}

// transfer makes a request that may take its time.
func (s shell) transfer(method, url string, body io.Reader) ([]byte, error) {
	client := s.cluster.Client().HTTPClient()
	client.Timeout = 2 * time.Minute
	request, err := http.NewRequestWithContext(s.t.Context(), method, url, body)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// Bytes that go to a pod and come back through a tunnel are the same ones, and
// a half-closed connection hears all of its answer.
func TestEchoesAreWholeOverASlowNetwork(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3))
	s := newShell(t, c)
	c.Pod(t, s.namespace, "web", c.Node(1).Name(), "-tcp", ":300")
	port := s.service(strings.ReplaceAll(walkedService, "name: http", "name: echo"))
	s.forward("→ 1 pod", "web", "--via=tunnel")
	c.Client().Impair(t, rig.Conditions{RoundTrip: 100 * time.Millisecond, Loss: 2})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	conn, err := c.Client().DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	sent := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(sent)
	go func() {
		_, _ = conn.Write(sent)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(conn)
	_, echo, _ := bytes.Cut(got, []byte("\n")) // behind the line that names the pod
	if err != nil || !bytes.Equal(echo, sent) {
		t.Errorf("%d of %d bytes came back, or others: %v", len(echo), len(sent), err)
	}
}

func TestCreateAndGetOverASlowNetwork(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3))
	s := newShell(t, c)
	c.Pod(t, s.namespace, "web", c.Node(1).Name(), "-http", ":300")
	c.Client().Impair(t, rig.Conditions{RoundTrip: 300 * time.Millisecond, Loss: 5})
	s.ok(s.nodeport("create", "web", "--port=82:300", "--wait"))
	if out := s.ok(s.nodeport("get")); !strings.Contains(out, "web") {
		t.Errorf("get prints\n%s", out)
	}
}
