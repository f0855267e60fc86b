package local

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
)

// web is a pod and a service whose node port is %d.
const web = `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - name: web
    image: web
    ports: [{name: http, containerPort: 300}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  clusterIP: 10.3.11.5
  selector: {app: web}
  ports: [{nodePort: %d, port: %[1]d, targetPort: http}]
`

// freePort is a port that nothing listens on, at any loopback address.
func freePort(t *testing.T) uint16 {
	t.Helper()
	listener, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return uint16(listener.Addr().(*net.TCPAddr).Port)
}

func read(t *testing.T, text string) *manifest.Set {
	t.Helper()
	set, err := manifest.Read(t.Context(), manifest.Source{Paths: []string{"-"}, Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// run runs manifests until the test ends.
func run(t *testing.T, o Options, text string) *Cluster {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Shutdown(t.Context()) })
	c.Load(read(t, text))
	return c
}

// fetch asks an address for a page, on a connection of its own.
func fetch(t *testing.T, address string) (string, error) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + address + "/page")
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func TestAStandInSaysWhichWayARequestCame(t *testing.T) {
	port := freePort(t)
	c := run(t, Options{}, fmt.Sprintf(web, port))
	for _, node := range c.Table().Nodes {
		at := node.Addresses[0].HostPort(port)
		page, err := fetch(t, at)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(" → node %s %s → service web 10.3.11.5:%d → pod web 10.2.1.7:300 on node-1\nPod/default/web is a stand-in and was asked for GET \"/page\"\n",
			node.Name, at, port)
		if !strings.HasPrefix(page, "client 127.0.0.1:") || !strings.HasSuffix(page, want) {
			t.Errorf("%s answered %q, want …%q", at, page, want)
		}
	}
}

func TestAServiceHasANameAndANamespaceThatAnAPIServerWouldTake(t *testing.T) {
	c := run(t, Options{}, fmt.Sprintf(web, freePort(t)))
	for _, test := range []struct{ name, namespace, metadata, want string }{
		{"a namespace that is a path", "..%2Fx", `"name":"other"`, "metadata.namespace"},
		{"a name that is a path", "docs", `"name":"../x"`, "metadata.name"},
		{"no name", "docs", "", "name or generateName is required"},
		{"a name to be completed", "docs", `"generateName":"web-"`, `"name":"web-1"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := `{"apiVersion":"v1","kind":"Service","metadata":{` + test.metadata + `},"spec":{"type":"NodePort","ports":[{"port":80}]}}`
			answer := httptest.NewRecorder()
			c.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/api/v1/namespaces/"+test.namespace+"/services", strings.NewReader(body)))
			if !strings.Contains(answer.Body.String(), test.want) {
				t.Errorf("answered %s", answer.Body)
			}
		})
	}
}
