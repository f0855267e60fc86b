package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// liveReport is what expose-check -o json says, as far as these tests read it.
type liveReport struct {
	Findings []struct{ ID, Severity, Object, Message, Fix, Confidence string }
	Services []struct {
		Object string
		Ports  []struct {
			NodePort int
			Hops     *struct {
				Nodes []struct {
					Node, Address, Expected      string
					FromHere, FromAPI, KubeProxy *struct {
						Outcome, Offender string
						Status            int
					}
				}
				Pods []struct {
					FromAPI, Loopback *struct{ Outcome string }
				}
			}
		}
	}
	Gaps []struct{ Resource string }
}

func (r *liveReport) ids() []string {
	var ids []string
	for _, f := range r.Findings {
		ids = append(ids, f.ID)
	}
	return ids
}

// message is that of the finding of an id.
func (r *liveReport) message(id string) string {
	for _, f := range r.Findings {
		if f.ID == id {
			return f.Message
		}
	}
	return ""
}

// examine checks a service, live.
func (s shell) examine(service string, flags ...string) *liveReport {
	s.t.Helper()
	r := s.nodeport(append([]string{"expose-check", service, "-o", "json"}, flags...)...)
	if r.code > 1 {
		s.t.Fatalf("exit code %d\n%s%s", r.code, r.out, r.err)
	}
	var report liveReport
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		s.t.Fatalf("%v:\n%s", err, r.out)
	}
	return &report
}

// finds checks that live findings are exactly those of the ids, and that
// the first says what is wanted.
func (s shell) finds(r *liveReport, wants []string, ids ...string) {
	s.t.Helper()
	var live []string
	for _, id := range r.ids() {
		if strings.HasPrefix(id, "NP3") {
			live = append(live, id)
		}
	}
	if !slices.Equal(live, ids) {
		s.t.Errorf("found %v, want %v: %+v", live, ids, r.Findings)
		return
	}
	for _, want := range wants {
		if got := r.message(ids[0]); !strings.Contains(got, want) {
			s.t.Errorf("%s says %q, without %q", ids[0], got, want)
		}
	}
}

const walkedService = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{name: http, port: 82, targetPort: 300}]
`

// served makes a pod of the test workload on node 1 and its service, and waits
// until the nodes have heard of it.
func served(t *testing.T, c *rig.Cluster, arguments ...string) (s shell, nodePort int) {
	t.Helper()
	s = newShell(t, c)
	c.Pod(t, s.namespace, "web", c.Node(1).Name(), arguments...)
	return s, s.service(walkedService)
}

// service applies the service web, waits for its endpoint and returns its node port.
func (s shell) service(manifest string) int {
	s.t.Helper()
	s.cluster.Apply(s.t, s.namespace, manifest)
	s.cluster.WaitEndpoints(s.t, s.namespace, "web", 1)
	port := 0
	rig.Eventually(s.t, 20*time.Second, func() error {
		r := s.examine("web")
		port = r.Services[0].Ports[0].NodePort
		if slices.Contains(r.ids(), "NP304") || slices.Contains(r.ids(), "NP315") {
			return fmt.Errorf("the nodes do not know yet: %+v", r.Findings)
		}
		return nil
	})
	return port
}

func TestAServiceThatAnswersIsFoundToFromThreeStandpoints(t *testing.T) {
	s, port := served(t, rig.Start(t, rig.Nodes(3)), "-http", ":300")
	start := time.Now()
	out := s.ok(s.nodeport("expose-check", "web"))
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	for _, want := range []string{
		fmt.Sprintf("from here  ✓ node n1 10.1.11.4:%d  ✓ n2 10.1.11.5:%d", port, port),
		"from API   ✓ node n1  ✓ n2  ✓ n3", "pods       ✓ web 10.2.1.", "nothing found",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
	if out := s.ok(s.nodeport("expose-check", "web", "--static")); strings.Contains(out, "from here") {
		t.Errorf("--static tries the network:\n%s", out)
	}
	r := s.examine("web", "--nodes=n2", "--address-type=InternalIP")
	if hops := r.Services[0].Ports[0].Hops; len(hops.Nodes) != 1 || hops.Nodes[0].Node != "n2" {
		t.Errorf("--nodes=n2 tries %+v", hops.Nodes)
	}
}

// block has a node's firewall do something with packets for a port that come
// from the client host, until the test ends.
func block(t *testing.T, c *rig.Cluster, n *rig.Node, port int, verdict rig.Verdict) {
	t.Helper()
	c.NeedFaults(t)
	rules := fmt.Sprintf("table inet outside { chain in { type filter hook prerouting priority -310; ip saddr %s tcp dport %d %s; }; }",
		c.Client().Addr(), port, verdict)
	if out, err := n.Inside(t.Context(), "nft", rules).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := n.Inside(t.Context(), "nft", "delete table inet outside").CombinedOutput(); err != nil && t.Context().Err() == nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

func TestFirewallsAreTold(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3), rig.Dedicated())
	t.Run("one that drops what comes from here", func(t *testing.T) {
		s, port := served(t, c, "-http", ":300")
		block(t, c, c.Node(3), port, rig.Drop)
		s.finds(s.examine("web"), []string{"n3 answers inside the cluster but not from here", fmt.Sprintf("drops TCP %d to 10.1.11.6", port)}, "NP302")
		t.Run("and without permission to look from inside it is not blamed", func(t *testing.T) {
			s.t = t
			s.kubeconfig = c.User(t, "reader", rbacv1.PolicyRule{
				APIGroups: []string{"", "discovery.k8s.io"}, Resources: []string{"services", "endpointslices", "nodes", "pods"}, Verbs: []string{"list", "get"},
			})
			r := s.examine("web")
			s.finds(r, []string{"n3 does not answer from here", "nodes/proxy"}, "NP301")
			missing := fmt.Sprint(r.Gaps)
			for _, want := range []string{"nodes/proxy", "pods/proxy"} {
				if !strings.Contains(missing, want) {
					t.Errorf("%s is not among what is missing: %s", want, missing)
				}
			}
		})
	})
	t.Run("one that drops what comes from anywhere", func(t *testing.T) {
		s, port := served(t, c, "-http", ":300")
		c.Node(3).Firewall(t, rig.Drop, "tcp", port)
		s.finds(s.examine("web"), []string{"from here and from the API server alike", "kube-proxy is well"}, "NP301")
	})
	t.Run("one that rejects", func(t *testing.T) {
		s, port := served(t, c, "-http", ":300")
		c.Node(3).Firewall(t, rig.Reject, "tcp", port)
		s.finds(s.examine("web"), []string{"the firewall of n3 (10.1.11.6) rejects"}, "NP303")
	})
	t.Run("one that resets what comes from here", func(t *testing.T) {
		s, port := served(t, c, "-http", ":300")
		block(t, c, c.Node(3), port, rig.Reset)
		s.finds(s.examine("web"), []string{"n3 answers inside the cluster, but the connection from here is reset"}, "NP303")
	})
}

func TestANodeWithoutKubeProxyIsTold(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3), rig.Dedicated())
	c.NeedFaults(t)
	s := newShell(t, c)
	c.Pod(t, s.namespace, "web", c.Node(1).Name(), "-http", ":300")
	start := c.Node(3).StopKubeProxy(t)
	s.cluster.Apply(t, s.namespace, strings.ReplaceAll(walkedService, "app: web", "app: nobody"))
	rig.Eventually(t, 20*time.Second, func() error {
		if r := s.examine("web"); r.Services[0].Ports[0].Hops.Nodes[0].FromHere.Offender == "" {
			return fmt.Errorf("node 1 does not know it yet: %+v", r)
		}
		return nil
	})
	s.ok(s.kubectl("patch", "service", "web", "-p", `{"spec":{"selector":{"app":"web"}}}`))
	c.WaitEndpoints(t, s.namespace, "web", 1)
	rig.Eventually(t, 20*time.Second, func() error {
		if r := s.examine("web"); len(r.Findings) != 1 {
			return fmt.Errorf("found %v", r.ids())
		}
		return nil
	})
	s.finds(s.examine("web"), []string{"kube-proxy does not run on n3"}, "NP304")
	start()
	rig.Eventually(t, 20*time.Second, func() error {
		if r := s.examine("web"); len(r.Findings) != 0 {
			return fmt.Errorf("found %v", r.ids())
		}
		return nil
	})

	c.Node(2).StopKubeProxy(t)
	s.ok(s.kubectl("patch", "service", "web", "-p", `{"spec":{"externalTrafficPolicy":"Local"}}`))
	rig.Eventually(t, 20*time.Second, func() error {
		if got := s.examine("web").message("NP314"); !strings.Contains(got, "n2 answers") {
			return fmt.Errorf("a node of rules that are old is not told: %q", got)
		}
		return nil
	})
}

// Such a pod, of a virtual cluster for instance, answers the API server's proxy
// with a Status that looks like the API server's own.
func TestAPodThatIsAnAPIServerEndsNoOtherTries(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3))
	s, _ := served(t, c, "-http", ":300", "-api-server")
	r := s.examine("web")
	s.finds(r, nil)
	hops := r.Services[0].Ports[0].Hops
	for _, node := range hops.Nodes {
		if node.FromAPI == nil || node.FromAPI.Outcome != "connected" {
			t.Errorf("node %s from the API server: %+v", node.Node, node.FromAPI)
		}
	}
	for _, pod := range hops.Pods {
		if pod.FromAPI == nil || pod.FromAPI.Outcome != "connected" {
			t.Errorf("pod from the API server: %+v", pod.FromAPI)
		}
	}
}

func TestRulesFromBeforeThereWereEndpointsAreTold(t *testing.T) {
	c := rig.Start(t, rig.Nodes(2), rig.Dedicated())
	c.NeedFaults(t)
	s := newShell(t, c)
	c.Apply(t, s.namespace, walkedService)
	rig.Eventually(t, 20*time.Second, func() error {
		for _, hop := range s.examine("web").Services[0].Ports[0].Hops.Nodes {
			if hop.FromHere.Offender == "" {
				return fmt.Errorf("%s does not know the service yet", hop.Node)
			}
		}
		return nil
	})
	c.Node(2).StopKubeProxy(t)
	c.Pod(t, s.namespace, "web", c.Node(1).Name(), "-http", ":300")
	c.WaitEndpoints(t, s.namespace, "web", 1)
	s.answers(fmt.Sprintf("http://10.1.11.4:%d/", s.examine("web").Services[0].Ports[0].NodePort), "pod web ")
	s.finds(s.examine("web"), []string{"n2 refuses", "as if the service had no endpoint"}, "NP315")
}

func TestAnApplicationThatDoesNotListenWhereItShouldIsTold(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3))
	t.Run("but on loopback", func(t *testing.T) {
		s, _ := served(t, c, "-http", "127.0.0.1:300")
		r := s.examine("web")
		s.finds(r, []string{"pod web listens on 127.0.0.1:300 only"}, "NP306")
		if slices.Contains(r.ids(), "NP216") {
			t.Error("what is proven is also told as a suspicion")
		}
	})
	t.Run("but on another port", func(t *testing.T) {
		s, _ := served(t, c, "-http", ":301")
		s.finds(s.examine("web"), []string{"nothing listens on port 300 in pod web"}, "NP307")
	})
	t.Run("but hangs up", func(t *testing.T) {
		s, _ := served(t, c, "-http", ":300", "-fault", "close")
		s.finds(s.examine("web"), []string{"close them at once"}, "NP312")
	})
	t.Run("of datagrams", func(t *testing.T) {
		udp := strings.ReplaceAll(walkedService, "{name: http, port: 82", "{name: echo, protocol: UDP, port: 82")
		s := newShell(t, c)
		c.Pod(t, s.namespace, "web", c.Node(1).Name(), "-http", ":300")
		c.Apply(t, s.namespace, udp)
		c.WaitEndpoints(t, s.namespace, "web", 1)
		rig.Eventually(t, 20*time.Second, func() error {
			if r := s.examine("web"); len(r.Findings) != 1 || r.Findings[0].ID != "NP315" {
				return fmt.Errorf("found %v", r.Findings)
			}
			return nil
		})
	})
}

func TestOnlyWhatWasPredictedIsNoFinding(t *testing.T) {
	s, _ := served(t, rig.Start(t, rig.Nodes(3)), "-http", ":300")
	s.ok(s.kubectl("patch", "service", "web", "-p", `{"spec":{"externalTrafficPolicy":"Local"}}`))
	rig.Eventually(t, 20*time.Second, func() error {
		out := s.ok(s.nodeport("expose-check", "web", "--timeout=1s"))
		if want := "timed out, as expected: no endpoint on this node"; strings.Count(strings.Join(strings.Fields(out), " "), want) != 2 {
			return fmt.Errorf("%q is not said of two nodes:\n%s", want, out)
		}
		return nil
	})
	s.finds(s.examine("web", "--timeout=1s"), nil)
}

func TestANodeThatIsGoneIsTold(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3), rig.Dedicated())
	c.NeedFaults(t)
	s, _ := served(t, c, "-http", ":300")
	c.Node(3).Stop(t)
	s.finds(s.examine("web", "--timeout=5s"), []string{"n3 is not reached at 10.1.11.6"}, "NP305")
	c.Node(3).WaitReady(t, false)
	s.finds(s.examine("web", "--timeout=5s"), nil) // the static rules say it
}

func TestASlowNetworkIsTold(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3))
	s, _ := served(t, c, "-http", ":300")
	c.Node(2).Delay(t, 600*time.Millisecond)
	s.finds(s.examine("web", "--timeout=8s"), []string{"n2 answers only after 1."}, "NP311")
}
