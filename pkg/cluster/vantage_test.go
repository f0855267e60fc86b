package cluster

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel"
)

// behindAPI returns a client of an API server that answers all requests with
// answer.
func behindAPI(t *testing.T, answer http.HandlerFunc) *Cluster {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	c, err := New(&rest.Config{Host: server.URL, BearerToken: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func says(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func failure(message string) string {
	return `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"` + message + `"}`
}

func TestTryNodeOutcome(t *testing.T) {
	const unreached = "error trying to reach service: "
	for name, test := range map[string]struct {
		answer  http.HandlerFunc
		outcome probe.Outcome
		status  int
		fails   bool
	}{
		"a page":                      {says(200, "<html>"), probe.Connected, 200, false},
		"a missing page":              {says(404, "nothing here"), probe.Connected, 404, false},
		"403 of an application":       {says(403, "not you"), probe.Connected, 403, false},
		"503 of an application":       {says(503, "come back later"), probe.Connected, 503, false},
		"a refusal":                   {says(503, failure(unreached+"dial tcp 10.1.11.4:30080: connect: connection refused")), probe.Refused, 0, false},
		"a refusal in plain text":     {says(503, unreached+"dial tcp 10.1.11.4:30080: connect: connection refused"), probe.Refused, 0, false},
		"a timeout":                   {says(503, failure(unreached+"dial tcp 10.1.11.4:30080: i/o timeout")), probe.TimedOut, 0, false},
		"no route":                    {says(503, failure(unreached+"dial tcp 10.1.11.4:30080: connect: no route to host")), probe.NoRoute, 0, false},
		"another protocol":            {says(503, failure(unreached+`net/http: HTTP/1.x transport connection broken: malformed HTTP response \"SSH-2.0\"`)), probe.Connected, 0, false},
		"a connection closed at once": {says(503, failure(unreached+"EOF")), probe.Connected, 0, false},
		"an unknown message":          {says(503, failure(unreached+"the moon is full")), probe.Failed, 0, false},
		"no such pod":                 {says(404, failure(`pods \"web\" not found`)), probe.Failed, 0, true},
		"500 of the API server":       {says(500, failure("etcd is gone")), probe.Failed, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := behindAPI(t, test.answer).TryNode(t.Context(), "n1", 30080)
			if got.Outcome != test.outcome || got.Answer.Status != test.status || (err != nil) != test.fails {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestForbiddenErrorNamesThePermission(t *testing.T) {
	c := behindAPI(t, says(403, failure("User ana cannot get resource")))
	for resource, try := range map[string]func() (probe.Result, error){
		"nodes/proxy": func() (probe.Result, error) { return c.TryKubeProxy(t.Context(), "n1") },
		"pods/proxy":  func() (probe.Result, error) { return c.TryPod(t.Context(), "shop", "web", 300) },
	} {
		result, err := try()
		var forbidden *ForbiddenError
		if !errors.As(err, &forbidden) || forbidden.Resource != resource || forbidden.Verb != "get" || result.Outcome != probe.Untried {
			t.Errorf("got %+v, %v, want %s", result, err, resource)
		}
	}
}

func TestPathsOfVantagePoints(t *testing.T) {
	var path string
	c := behindAPI(t, func(_ http.ResponseWriter, r *http.Request) { path = r.URL.Path })
	for want, try := range map[string]func() (probe.Result, error){
		"/api/v1/nodes/n1:30033/proxy/":               func() (probe.Result, error) { return c.TryNode(t.Context(), "n1", 30033) },
		"/api/v1/nodes/n1:10256/proxy/healthz":        func() (probe.Result, error) { return c.TryKubeProxy(t.Context(), "n1") },
		"/api/v1/namespaces/shop/pods/web:300/proxy/": func() (probe.Result, error) { return c.TryPod(t.Context(), "shop", "web", 300) },
	} {
		if result, err := try(); err != nil || result.Outcome != probe.Connected || path != want {
			t.Errorf("got %q, %+v, %v, want %q", path, result, err, want)
		}
	}
}

// A pod must not be able to redirect the user's token to another server.
func TestRedirectOfAPodIsNotFollowed(t *testing.T) {
	var asked, token string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked, token = r.URL.Path, r.Header.Get("Authorization") }))
	defer thief.Close()
	c := behindAPI(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL+"/login", http.StatusFound)
	})
	result, err := c.TryPod(t.Context(), "shop", "web", 300)
	if err != nil || result.Outcome != probe.Connected || result.Answer.Status != http.StatusFound {
		t.Errorf("got %+v, %v", result, err)
	}
	if asked != "" || token != "" {
		t.Errorf("%q was asked with %q", asked, token)
	}
}

func TestTryNodeTimesOut(t *testing.T) {
	c := behindAPI(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if result, err := c.TryNode(ctx, "n1", 30033); err != nil || result.Outcome != probe.TimedOut {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestForbiddenPortForwardIsNamed(t *testing.T) {
	c := behindAPI(t, says(403, failure("pods \\\"web\\\" is forbidden: User ana cannot create resource")))
	_, err := c.TryLoopback(t.Context(), "shop", "web", 300)
	var forbidden *ForbiddenError
	if !errors.As(err, &forbidden) || forbidden.Resource != "pods/portforward" || forbidden.Verb != "create" {
		t.Errorf("got %v", err)
	}
}

func TestLoopbackResult(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want probe.Outcome
	}{
		{"a pod that sends nothing", context.DeadlineExceeded, probe.Connected},
		{"a pod that closes", io.EOF, probe.Connected},
		{"a pod that resets", &tunnel.Error{Kind: tunnel.Reset, Message: "read: connection reset by peer"}, probe.Connected},
		{"a pod that does not listen", &tunnel.Error{
			Kind: tunnel.Refused, Message: "error forwarding port 300 to pod x: dial tcp4 127.0.0.1:300: connect: connection refused",
		}, probe.Refused},
		{"a deleted pod", &tunnel.Error{Kind: tunnel.PodGone, Message: "pod sandbox is gone"}, probe.Failed},
		{"a tunnel that breaks", &tunnel.Error{Kind: tunnel.Lost, Message: "the API server ended the tunnel: EOF"}, probe.Failed},
	} {
		if got := loopbackResult(t.Context(), test.err); got.Outcome != test.want {
			t.Errorf("%s: got %v", test.name, got.Outcome)
		}
	}
}
