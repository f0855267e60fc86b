package e2e

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// insideUntilEnd runs a command on a host, and another one when the test ends.
func insideUntilEnd(t *testing.T, h *rig.Host, do, undo string) {
	t.Helper()
	run := func(ctx context.Context, line string) {
		if out, err := h.Inside(ctx, "sh", "-c", line).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", line, err, out)
		}
	}
	run(t.Context(), do)
	t.Cleanup(func() { run(context.WithoutCancel(t.Context()), undo) })
}

// rule has nftables on a host judge packets, until the test ends.
func rule(t *testing.T, h *rig.Host, chain string, rules ...string) {
	t.Helper()
	insideUntilEnd(t, h, fmt.Sprintf("nft 'table ip fault { set seen { type ipv4_addr . inet_service; timeout 1m; flags dynamic; }; chain c { type filter hook %s; %s; }; }'",
		chain, strings.Join(rules, "; ")), "nft delete table ip fault")
}

// elsewhere makes a service without a selector, whose only endpoint is an
// address that is no pod's.
func (s shell) elsewhere(port, address string, number int) {
	s.t.Helper()
	s.cluster.Apply(s.t, s.namespace, fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  ports: [{name: %[1]s, port: 82, targetPort: %[3]d}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: %[1]s, port: %[3]d, protocol: TCP}]
endpoints: [{addresses: [%[2]s], conditions: {ready: true}}]
`, port, address, number))
}

// answering has the client host answer as the handler does, and returns the port.
func (s shell) answering(handler http.HandlerFunc, secure bool) int {
	s.t.Helper()
	listener, err := s.cluster.Client().Listen(s.t.Context(), "tcp", ":0")
	if err != nil {
		s.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail are what is tested
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	s.t.Cleanup(server.Close)
	return listener.Addr().(*net.TCPAddr).Port
}

// findsIn waits until the live findings are those of the ids.
func (s shell) findsIn(ids []string, flags ...string) (r *liveReport) {
	s.t.Helper()
	rig.Eventually(s.t, 40*time.Second, func() error {
		r = s.examine("web", flags...)
		var live []string
		for _, id := range r.ids() {
			if strings.HasPrefix(id, "NP3") {
				live = append(live, id)
			}
		}
		if !slices.Equal(live, ids) {
			return fmt.Errorf("found %v, want %v: %+v", live, ids, r.Findings)
		}
		return nil
	})
	return r
}

func (s shell) tells(r *liveReport, id, want string) {
	s.t.Helper()
	if got := r.message(id); !strings.Contains(got, want) {
		s.t.Errorf("%s says %q, without %q", id, got, want)
	}
}

func TestAnotherProtocolThanTheNameSaysIsTold(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3))
	page := func(http.ResponseWriter, *http.Request) {}
	t.Run("TLS at a port for HTTP", func(t *testing.T) {
		s := newShell(t, c)
		s.elsewhere("http", c.Client().Addr().String(), s.answering(page, true))
		s.findsIn([]string{"NP313"})
	})
	t.Run("HTTP at a port for TLS", func(t *testing.T) {
		s := newShell(t, c)
		s.elsewhere("https", c.Client().Addr().String(), s.answering(page, false))
		s.findsIn([]string{"NP313"})
	})
	t.Run("TLS at a port for TLS is as it should be", func(t *testing.T) {
		s := newShell(t, c)
		s.elsewhere("https", c.Client().Addr().String(), s.answering(page, true))
		s.findsIn(nil)
	})
	t.Run("an answer that is an error", func(t *testing.T) {
		s := newShell(t, c)
		s.elsewhere("http", c.Client().Addr().String(), s.answering(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, false))
		s.tells(s.findsIn([]string{"NP318"}), "NP318", "502")
	})
}

func TestAnEndpointThatIsGoneIsTold(t *testing.T) {
	s := newShell(t, rig.Start(t, rig.Nodes(3)))
	s.elsewhere("http", "10.1.11.250", 300) // on the nodes' network, and nobody's
	s.findsIn([]string{"NP317"}, "--timeout=8s")
}

func TestFaultsOfTheNetworkAreTold(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3), rig.Dedicated())
	c.NeedFaults(t)
	t.Run("no way from here", func(t *testing.T) {
		s, _ := served(t, c, "-http", ":300")
		insideUntilEnd(t, c.Client(), "ip route add unreachable 10.1.11.6/32", "ip route del unreachable 10.1.11.6/32")
		s.tells(s.findsIn([]string{"NP309"}), "NP309", "no way to n3")
	})
	t.Run("a pod network that is broken between nodes", func(t *testing.T) {
		s, _ := served(t, c, "-http", ":300")
		for _, node := range []int{2, 3} {
			rule(t, c.Node(node).Host, "forward priority -10", "ip daddr 10.2.1.0/24 drop")
		}
		s.findsIn([]string{"NP316"})
	})
	t.Run("first packets that get lost", func(t *testing.T) {
		s, port := served(t, c, "-http", ":300")
		rule(t, c.Node(2).Host, "prerouting priority -310", fmt.Sprintf(
			"ip saddr %s tcp dport %d tcp flags & (syn | ack) == syn ip saddr . tcp sport != @seen add @seen { ip saddr . tcp sport } drop", c.Client().Addr(), port))
		s.tells(s.findsIn([]string{"NP311"}, "--timeout=8s"), "NP311", "n2 answers only after 1")
	})
	t.Run("an address that kube-proxy does not serve", func(t *testing.T) {
		s, _ := served(t, c, "-http", ":300")
		insideUntilEnd(t, c.Node(2).Host, "ip addr add 10.1.11.205/24 dev eth0", "ip addr del 10.1.11.205/24 dev eth0")
		patch := []byte(`{"status":{"addresses":[{"type":"ExternalIP","address":"10.1.11.205"}]}}`)
		rig.Eventually(t, 40*time.Second, func() error { // the kubelet takes the address away again
			_, err := c.Core().Nodes().Patch(t.Context(), "n2", types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
			if r := s.examine("web"); err == nil && !slices.Contains(r.ids(), "NP310") {
				err = fmt.Errorf("found %+v", r.Findings)
			}
			return err
		})
	})
}

// The rig's network enforces no policy. What one that does would do is done by
// hand, on the pod's node.
func TestAPolicyIsHeldAgainstWhatTheNetworkDoes(t *testing.T) {
	c := rig.Start(t, rig.Nodes(3), rig.Dedicated())
	c.NeedFaults(t)
	s, _ := served(t, c, "-http", ":300")
	c.Apply(t, s.namespace, `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody}
spec: {podSelector: {}, policyTypes: [Ingress]}
`)
	r := s.findsIn(nil)
	s.tells(r, "NP241", "connections from here get through all the same")
	rule(t, c.Node(1).Host, "forward priority -10", "ip daddr 10.2.1.0/24 ct state new drop")
	r = s.findsIn(nil, "--timeout=1s")
	if got := r.message("NP241"); got == "" || strings.Contains(got, "all the same") {
		t.Errorf("NP241 says %q", got)
	}
}
