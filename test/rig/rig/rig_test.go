package rig_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// tutorial is the standing case: the ports 30033, 82 and 300.
const tutorial = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  clusterIP: 10.3.11.5
  selector: {app: web}
  ports: [{name: http, port: 82, targetPort: 300, nodePort: 30033}]
`

func TestNodePortAnswersOnEveryNode(t *testing.T) {
	for _, mode := range []rig.ProxyMode{rig.NFTables, rig.IPTables} {
		t.Run(string(mode), func(t *testing.T) {
			c := rig.Start(t, rig.Mode(mode))
			ns := c.Namespace(t)
			c.Apply(t, ns, tutorial)
			pod := c.Pod(t, ns, "web", c.Node(1).Name(), "-http", ":300,:301")
			c.WaitEndpoints(t, ns, "web", 1)
			for _, n := range c.Nodes() {
				answers(t, c, fmt.Sprintf("http://%s:30033/", n.Addr()), pod.Name)
			}
		})
	}
}

// answers waits until the URL answers on the client host, from the pod.
func answers(t *testing.T, c *rig.Cluster, url, pod string) {
	t.Helper()
	rig.Eventually(t, 10*time.Second, func() error {
		body, err := get(c, url)
		if err == nil && !strings.HasPrefix(body, "pod "+pod+" ") {
			err = fmt.Errorf("%s answered %q, not pod %s", url, body, pod)
		}
		return err
	})
}

func get(c *rig.Cluster, url string) (string, error) {
	resp, err := c.Client().HTTPClient().Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}
