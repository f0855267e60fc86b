package engine

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func ask(e *Engine, host, path string) (int, string) {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	e.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestTheStatusServerAnswersLoopbackNamesOnly(t *testing.T) {
	e := start(t, Options{})
	for host, want := range map[string]int{
		"127.0.0.1:9000": 200, "127.0.0.2": 200, "localhost:9000": 200, "LOCALHOST": 200, "[::1]:9000": 200, "[::1]": 200,
		"": 403, "example.com": 403, "localhost.example.com:9000": 403, "10.0.0.1:9000": 403, "127.0.0.1.example.com": 403, "0.0.0.0": 403,
	} {
		if got, _ := ask(e, host, "/healthz"); got != want {
			t.Errorf("%q is answered %d, want %d", host, got, want)
		}
	}
}

func TestStatusAndMetrics(t *testing.T) {
	port, dead := freePort(t), at(freePort(t))
	e := New(Options{Random: func(int) int { return 0 }})
	endpoint := backend(t, "two")
	service := web(port, dead, endpoint)
	service.Name = `we"b`
	e.Execute(tableOf(service))
	c := dial(t, at(port))
	c.say(t, "hello")
	c.line(t)
	c.line(t)
	_ = c.CloseWrite()
	_, _ = io.ReadAll(c)
	<-e.open.none()
	code, body := ask(e, "localhost", "/status")
	var status Status
	if err := json.Unmarshal([]byte(body), &status); err != nil || code != 200 {
		t.Fatal(code, err)
	}
	if got := status.Ports[0].Addresses[0]; got.State != "open" || got.Address != at(port) || got.Node != "node-1" {
		t.Errorf("status of the address: %+v", got)
	}
	if got := status.Ports[0].Nodes[0]; got.Clients != 1 || got.Open != 0 || got.Failures != 0 || got.Sent != 6 || got.Received != 10 {
		t.Errorf("status of the node: %+v", got)
	}
	for _, got := range status.Ports[0].Endpoints {
		if got.Address == endpoint && (got.Pod != "web-2" || got.Dials != 1 || got.DialSeconds <= 0 || got.Failing) ||
			got.Address == dead && (got.Failures != 1 || got.Clients != 0 || !got.Failing) {
			t.Errorf("status of an endpoint: %+v", got)
		}
	}
	_, metrics := ask(e, "localhost", "/metrics")
	for _, line := range []string{
		"# TYPE nodeport_clients_total counter\n",
		`nodeport_clients_total{namespace="docs",service="we\"b",port="",protocol="TCP",node_port="` + portOf(port) + `",node="node-1"} 1` + "\n",
		`nodeport_endpoint_failures_total{namespace="docs",service="we\"b",port="",protocol="TCP",node_port="` + portOf(port) + `",endpoint="` + dead.String() + `",pod="web-1"} 1` + "\n",
		"nodeport_connections_open 0\n",
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("no line %q in\n%s", line, metrics)
		}
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if got := len(e.Status().Ports); got != 0 {
		t.Errorf("%d ports are there after the end", got)
	}
}

func TestHealthzFailsWhileAPortCannotBeOpened(t *testing.T) {
	holder := occupy(t)
	events := newLog()
	e := start(t, Options{Events: events.add, Retry: 1})
	e.Execute(tableOf(web(holder.Addr().Port(), backend(t, "one"))))
	if code, body := ask(e, "localhost", "/healthz"); code != 503 || !strings.Contains(body, "docs/web "+holder.Addr().String()+": ") {
		t.Errorf("answered %d %q", code, body)
	}
	holder.Close()
	events.await(t, PortOpened)
	if code, body := ask(e, "localhost", "/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("answered %d %q", code, body)
	}
}

func TestTheHealthCheckNodePortCountsReadyPodsOfItsNode(t *testing.T) {
	port, check := freePort(t), freePort(t)
	e := start(t, Options{})
	service := web(port, backend(t, "one"), backend(t, "two"))
	service.Type, service.ExternalLocal, service.HealthCheckNodePort = "LoadBalancer", true, check
	answer := func() string {
		response, err := http.Get("http://" + at(check).String() + "/")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response.Status + " weight " + response.Header.Get("X-Load-Balancing-Endpoint-Weight") + " " + string(body)
	}
	body := func(n string) string {
		return "{\n\t\"service\": {\n\t\t\"namespace\": \"docs\",\n\t\t\"name\": \"web\"\n\t},\n\t\"localEndpoints\": " + n + ",\n\t\"serviceProxyHealthy\": true\n}"
	}
	e.Execute(tableOf(service))
	// Both backends have one address: they are ports of one pod.
	if got, want := answer(), "200 OK weight 1 "+body("1"); got != want {
		t.Errorf("answered %q, want %q", got, want)
	}
	e.Execute(tableOf(elsewhere(service)))
	if got, want := answer(), "503 Service Unavailable weight 0 "+body("0"); got != want {
		t.Errorf("answered %q, want %q", got, want)
	}
	service.HealthCheckNodePort = 0
	e.Execute(tableOf(service))
	if !refused(t, at(check)) {
		t.Error("the port is open")
	}
}

func TestAPortThatIsOpenedUnderAnotherNumberKeepsItsNodePortInStatusAndMetrics(t *testing.T) {
	port := freePort(t)
	e := start(t, Options{})
	service := web(30033, backend(t, "one"))
	service.Ports[0].Opened = port
	e.Execute(tableOf(service))
	got := e.Status().Ports[0]
	if got.NodePort != 30033 || got.Addresses[0].Address != at(port) || got.Addresses[0].State != "open" {
		t.Errorf("status %+v", got)
	}
	want := `node_port="30033",node="node-1",address="` + at(port).String() + `",state="open"} 1`
	if _, metrics := ask(e, "localhost", "/metrics"); !strings.Contains(metrics, want) {
		t.Errorf("no %s in\n%s", want, metrics)
	}
}
