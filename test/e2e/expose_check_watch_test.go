package e2e

import (
	"os"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func TestWatchEndsWhenTheServiceIsReached(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(3)))
	s.cluster.Pod(t, s.namespace, "web", s.cluster.Node(1).Name(), "-http", ":300")
	s.cluster.Apply(t, s.namespace, strings.ReplaceAll(walkedService, "app: web", "app: wbe"))
	watch := s.begin("nodeport", "expose-check", "web", "--watch")
	watch.out.shows(t, "NP201")
	s.ok(s.kubectl("patch", "service", "web", "-p", `{"spec":{"selector":{"app":"web"}}}`))
	r := watch.wait()
	if r.code != 0 || !strings.HasSuffix(r.out, "1 service checked: nothing found\n") {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.err)
	}
	if n := strings.Count(r.out, "1 service checked"); n != 2 {
		t.Errorf("%d outcomes are shown, want the first and the last alone:\n%s", n, r.out)
	}
}

func TestWatchEndsWithCtrlC(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(3)))
	s.cluster.Apply(t, s.namespace, walkedService)
	watch := s.begin("nodeport", "expose-check", "--watch")
	watch.out.shows(t, "1 service checked")
	if err := watch.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if r := watch.wait(); r.code != 130 || !strings.Contains(r.err, "interrupted") {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.err)
	}
}

func TestWatchOutlastsThatAServiceIsReplaced(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(3)))
	s.cluster.Pod(t, s.namespace, "web", s.cluster.Node(1).Name(), "-http", ":300")
	s.cluster.Apply(t, s.namespace, strings.ReplaceAll(walkedService, "targetPort: 300", "targetPort: nobody"))
	watch := s.begin("nodeport", "expose-check", "web", "-w")
	watch.out.shows(t, "1 service checked: 1 error")
	s.ok(s.kubectl("delete", "service", "web"))
	watch.err.shows(t, `service "web" not found`)
	s.cluster.Apply(t, s.namespace, walkedService)
	if r := watch.wait(); r.code != 0 || !strings.Contains(r.out, "nothing found") {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.err)
	}
}
