package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func TestFromARunningPodToAReachableService(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(3)))
	s.cluster.Apply(t, s.namespace, onTheRig(tutorialFile(t, "pod.yaml")))
	out := s.ok(s.nodeport("create", "web", "--port", "30033:82:300"))
	for _, want := range []string{"service/web created", "30033 → 82 → 300/TCP", "1/1", "http://10.1.11.4:30033"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
	s.everyURLAnswers("web", "pod web ", 3)
}

func TestTheStandingCaseIsApplied(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(3)))
	s.cluster.Apply(t, s.namespace, onTheRig(tutorialFile(t, "pod.yaml")))
	service := filepath.Join("..", "..", "testdata", "tutorial", "service.yaml")
	golden(t, "apply-tutorial", s.ok(s.nodeport("apply", "-f", service)))
	golden(t, "apply-tutorial-again", s.ok(s.nodeport("apply", "-f", service)))
	s.answers("http://10.1.11.4:30033/", "pod web ")
}

func TestAManifestFromAPodIsApplied(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(3)))
	pod := onTheRig(tutorialFile(t, "pod.yaml"))
	s.cluster.Apply(t, s.namespace, pod)
	s.stdin = pod
	s.stdin = s.ok(s.nodeport("create", "-f", "-", "--dry-run=client", "-o", "yaml"))
	s.ok(s.nodeport("apply", "-f", "-"))
	s.everyURLAnswers("web", "pod web ", 6)
}

// A listing is a claim about every node: what it says answers has to answer,
// and what it marks must not.
func TestGetSaysOfEveryNodeWhatIsTrue(t *testing.T) {
	tests := map[string]struct {
		flags     []string
		arguments []string // of the workload
		answering int
		reason    string
	}{
		"with the Cluster policy every node answers": {
			arguments: []string{"-http", ":300"}, answering: 3},
		"with the Local policy only the pod's node answers": {
			flags: []string{"--external-traffic-policy=Local"}, arguments: []string{"-http", ":300"}, answering: 1, reason: "no endpoint on this node"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, rig.Start(t, rig.Nodes(3)))
			s.cluster.Pod(t, s.namespace, "app", s.cluster.Node(2).Name(), test.arguments...)
			s.ok(s.nodeport(append([]string{"create", "app", "--port=80:300"}, test.flags...)...))
			s.listingIsTrue("app", test.answering, test.reason)
		})
	}

	t.Run("a service without a ready endpoint is refused everywhere", func(t *testing.T) {
		s := newShell(t, rig.Start(t, rig.Nodes(3)))
		s.cluster.Pod(t, s.namespace, "app", "", "-http", ":300")
		s.stdin = strings.NewReplacer("NAME", "empty", "APP", "nobody").Replace(manifest)
		s.ok(s.nodeport("apply", "-f", "-", "--check=warn"))
		s.listingIsTrue("empty", 0, "no endpoints")
	})

	t.Run("a node that is gone is marked as not ready", func(t *testing.T) {
		c := rig.Start(t, rig.Nodes(3), rig.Dedicated())
		c.NeedFaults(t)
		s := newShell(t, c)
		c.Pod(t, s.namespace, "app", c.Node(2).Name(), "-http", ":300")
		s.ok(s.nodeport("create", "app", "--port=80:300"))
		c.Node(3).Stop(t)
		c.Node(3).WaitReady(t, false)
		s.listingIsTrue("app", 2, "NotReady")
	})
}

const manifest = `
apiVersion: v1
kind: Service
metadata: {name: NAME}
spec:
  type: NodePort
  selector: {app: APP}
  ports: [{name: http, port: 80, targetPort: 300}]
`

func TestDualStackServicesAreReachedByBothFamilies(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(2), rig.DualStack()))
	s.cluster.Pod(t, s.namespace, "app", "", "-http", ":300")
	s.ok(s.nodeport("create", "app", "--port=http=80:300", "--ip-family=IPv4,IPv6"))
	urls := s.everyURLAnswers("app", "pod app ", 4)
	if !strings.Contains(urls, "http://[") {
		t.Errorf("no IPv6 address is shown:\n%s", urls)
	}
}

func TestAnInterruptedWaitLeavesTheServiceAndSaysSo(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(3)))
	s.stdin = ""
	s.cluster.Apply(t, s.namespace, strings.ReplaceAll(unready, "IMAGE", rig.SrvImage()))
	_, stop := s.start("nodeport", "create", "deploy/slow", "--port=80:300")
	rig.Eventually(t, 20*time.Second, func() error {
		if r := s.kubectl("get", "service", "slow"); r.code != 0 {
			return fmt.Errorf("not created: %s", r.err)
		}
		return nil
	})
	r := stop()
	if r.code != 130 || !strings.Contains(r.err, "service slow exists") {
		t.Errorf("exit code %d, told:\n%s%s", r.code, r.out, r.err)
	}
	s.ok(s.kubectl("get", "service", "slow"))
}

// unready is a workload that never gets ready.
const unready = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: slow}
spec:
  selector: {matchLabels: {app: slow}}
  template:
    metadata: {labels: {app: slow}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: srv
        image: IMAGE
        imagePullPolicy: Never
        args: [-http, ':300']
        readinessProbe: {tcpSocket: {port: 399}, periodSeconds: 1}
`

// everyURLAnswers fetches all that get -o url prints, which are n.
func (s shell) everyURLAnswers(service, want string, n int) string {
	s.t.Helper()
	out := s.ok(s.nodeport("get", service, "-o", "url"))
	urls := strings.Fields(out)
	if len(urls) != n {
		s.t.Errorf("%d URLs instead of %d:\n%s", len(urls), n, out)
	}
	for _, url := range urls {
		s.answers(strings.Replace(url, "tcp://", "http://", 1), want)
	}
	return out
}

// address is what get -o json says of one address.
type address struct {
	Node, HostPort, Reason string
	Answers                bool
}

// listingIsTrue tries every address that get shows of a service.
func (s shell) listingIsTrue(service string, answering int, reason string) {
	s.t.Helper()
	var shown struct {
		Ports []struct{ Addresses []address }
	}
	if err := json.Unmarshal([]byte(s.ok(s.nodeport("get", service, "-o", "json"))), &shown); err != nil {
		s.t.Fatal(err)
	}
	n := 0
	for _, a := range shown.Ports[0].Addresses {
		if a.Answers {
			n++
			s.answers("http://"+a.HostPort+"/", "pod ")
			continue
		}
		if a.Reason != reason {
			s.t.Errorf("%s does not answer because of %q, want %q", a.Node, a.Reason, reason)
		}
		client := s.cluster.Client().HTTPClient()
		client.Timeout = 2 * time.Second
		if resp, err := client.Do(request(s.t, a.HostPort)); err == nil {
			resp.Body.Close()
			s.t.Errorf("%s answers, but is marked: %s", a.HostPort, a.Reason)
		}
	}
	if n != answering {
		s.t.Errorf("%d addresses answer, want %d", n, answering)
	}
}

func request(t *testing.T, hostPort string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+hostPort+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
