package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// Node ports on localhost, as docs/semantics.md has them: they differ by proxy
// mode and release, and what expose-check finds on a node does not depend on
// them.
func TestNodePortsOnLocalhostOfANode(t *testing.T) {
	const gate = "featureGates: {KubeProxyNFTablesLocalhostNodePorts: true}\n"
	for name, test := range map[string]struct {
		options []rig.Option
		works   bool
		since   string
	}{
		"nftables":               {[]rig.Option{rig.Mode(rig.NFTables)}, false, ""},
		"iptables":               {[]rig.Option{rig.Mode(rig.IPTables)}, true, ""},
		"nftables with the gate": {[]rig.Option{rig.KubeProxyConfig(gate)}, false, "v1.37"},
		"nftables with the gate and loopback addresses": {
			[]rig.Option{rig.KubeProxyConfig(gate + `nodePortAddresses: [primary, 127.0.0.0/8]`)}, true, "v1.37",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := rig.Start(t, append(test.options, rig.Nodes(2))...)
			if version := kubeletVersion(t, c); test.since != "" && version < test.since {
				t.Skipf("skipped: Kubernetes %s has no gate KubeProxyNFTablesLocalhostNodePorts", version)
			}
			s, port := served(t, c, "-http", ":300")
			curl := func(address string) error {
				out, err := c.Node(1).Command(t.Context(), "curl", "-s", "-m", "3", fmt.Sprintf("http://%s:%d/", address, port)).CombinedOutput()
				if err == nil && !strings.Contains(string(out), "pod web ") {
					err = fmt.Errorf("got %q", out)
				}
				return err
			}
			if err := curl("10.1.11.4"); err != nil {
				t.Fatalf("the node's own address: %v", err)
			}
			if test.works {
				rig.Eventually(t, 20*time.Second, func() error { return curl("127.0.0.1") })
			} else if curl("127.0.0.1") == nil {
				t.Error("127.0.0.1 answers")
			}
			out, err := c.Node(1).Command(t.Context(), "kubectl", "nodeport", "expose-check", "web", "--namespace="+s.namespace).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "from here  ✓ node n1") {
				t.Errorf("expose-check on the node: %v\n%s", err, out)
			}
		})
	}
}

func kubeletVersion(t *testing.T, c *rig.Cluster) string {
	t.Helper()
	node, err := c.Core().Nodes().Get(t.Context(), c.Node(1).Name(), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return node.Status.NodeInfo.KubeletVersion
}
