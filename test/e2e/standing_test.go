package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// tutorial applies the standing case: the pod that listens on 300 and 301 and
// the service from node port 30033 over port 82 to it.
func (s shell) tutorial() {
	s.t.Helper()
	s.cluster.NeedImages(s.t)
	s.cluster.Apply(s.t, s.namespace, tutorialFile(s.t, "service.yaml"))
	s.cluster.Apply(s.t, s.namespace, onTheRig(tutorialFile(s.t, "pod.yaml")))
	s.cluster.WaitEndpoints(s.t, s.namespace, "web", 1)
}

func tutorialFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "tutorial", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// onTheRig gives the tutorial's pod an image that exists.
func onTheRig(pod string) string {
	return strings.Replace(pod, "image: registry.example/web:1",
		"image: "+rig.SrvImage()+"\n      imagePullPolicy: Never\n      args: [-http, ':300,:301']", 1)
}

func TestTheStandingCaseAnswersOnEveryNode(t *testing.T) {
	for _, mode := range []rig.ProxyMode{rig.NFTables, rig.IPTables} {
		t.Run(string(mode), func(t *testing.T) {
			s := newShell(t, rig.Start(t, rig.Nodes(3), rig.Mode(mode)))
			s.tutorial()
			for _, n := range s.cluster.Nodes() {
				s.answers(fmt.Sprintf("http://%s:30033/", n.Addr()), "pod web ")
			}
		})
	}
}

func TestKubectlFindsThePlugin(t *testing.T) {
	s := newShell(t, rig.StartAPI(t))
	if out := s.ok(s.kubectl("plugin", "list")); !strings.Contains(out, "kubectl-nodeport") {
		t.Errorf("kubectl plugin list:\n%s", out)
	}
	if out := s.ok(s.nodeport("--help")); !strings.Contains(out, "kubectl nodeport") {
		t.Errorf("kubectl nodeport --help:\n%s", out)
	}
	if r := s.nodeport("no-such-command"); r.code == 0 || r.out != "" {
		t.Errorf("an unknown command: exit code %d, output %q", r.code, r.out)
	}
}
