package cluster

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// takeOver has the engine serve the node ports of every node in the place of
// kube-proxy, of which no rule is left, until the test ends.
func takeOver(t *testing.T, c *rig.Cluster) {
	t.Helper()
	plugin := filepath.Join(t.TempDir(), "kubectl-nodeport")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", plugin, "../../../cmd/kubectl-nodeport").CombinedOutput(); err != nil {
		t.Fatalf("build the plugin: %v\n%s", err, out)
	}
	for _, n := range c.Nodes() {
		n.StopKubeProxy(t)
		sh(t, n, `nft delete table ip kube-proxy
			if nft list table ip6 kube-proxy >/dev/null 2>&1; then nft delete table ip6 kube-proxy; fi
			if nft list ruleset | grep -i kube-proxy; then exit 1; fi`)
		standOn(t, n, plugin)
	}
}

// standOn runs the plugin on a node until the test ends.
func standOn(t *testing.T, n *rig.Node, plugin string) {
	t.Helper()
	cmd := n.Command(t.Context(), plugin, "forward", "--all-namespaces", "--via=direct", "--strict",
		"--node="+n.Name(), "--address="+n.Addr().String())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { // the test's context has ended by now
		err := <-ended
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("forward on %s ended with exit code %d: %v", n.Name(), code, err)
		}
		if t.Failed() {
			t.Logf("forward on %s printed:\n%s", n.Name(), &out)
		}
	})
}

// inPod runs a program of this machine in the network of a pod of the test.
func (s *scene) inPod(name string, n *rig.Node, args ...string) (string, error) {
	p := s.pod(name)
	id := p.Status.ContainerStatuses[0].ContainerID[len("containerd://"):]
	script := fmt.Sprintf(`pid=$(ctr tasks list | awk '$1 == "%s" { print $2 }'); exec nsenter --net=/proc/$pid/ns/net "$@"`, id)
	out, err := n.Inside(s.Context(), "sh", append([]string{"-ec", script, "sh"}, args...)...).CombinedOutput()
	return string(out), err
}
