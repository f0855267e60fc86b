package cluster

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func TestMain(m *testing.M) {
	if code, ok := rig.Parent(); ok {
		os.Exit(code)
	}
	// Scenarios wait most of the time, and so many can be played at once.
	if err := flag.Set("test.parallel", "8"); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(rig.Main(m))
}

func TestScenariosComeOutTheSame(t *testing.T) {
	t.Run("nftables", func(t *testing.T) {
		c := rig.Start(t, rig.Dedicated(), rig.Mode(rig.NFTables))
		c.NeedFaults(t)
		t.Run("kube-proxy", func(t *testing.T) { play(t, c, kubeProxy) })
		t.Run("engine", func(t *testing.T) {
			takeOver(t, c)
			play(t, c, engine)
		})
	})
	t.Run("iptables", func(t *testing.T) {
		c := rig.Start(t, rig.Dedicated(), rig.Mode(rig.IPTables))
		c.NeedFaults(t)
		t.Run("kube-proxy", func(t *testing.T) { play(t, c, kubeProxy) })
	})
}

// system is what serves the node ports.
type system int

const (
	kubeProxy system = iota
	engine
)

// play plays all scenarios in a namespace that they share, with the pods a on
// the first node and b on the second.
func play(t *testing.T, c *rig.Cluster, by system) {
	for _, n := range c.Nodes() {
		sh(t, n, refuseAlways)
	}
	base := scene{T: t, cluster: c, system: by, namespace: c.Namespace(t)}
	base.pods(pod{name: "a", node: 1, app: "echo"}, pod{name: "b", node: 2, app: "echo"})
	t.Run("scenario", func(t *testing.T) {
		for _, scenario := range scenarios() {
			t.Run(scenario.name, func(t *testing.T) {
				t.Parallel()
				s := base
				s.T = t
				scenario.play(&s)
			})
		}
	})
}

// refuseAlways lifts the kernel's limit of ICMP messages for each client, for
// which many refusals look like silence.
const refuseAlways = "echo 0 >/proc/sys/net/ipv4/icmp_ratemask"

func sh(t *testing.T, n *rig.Node, script string) {
	t.Helper()
	if out, err := n.Command(t.Context(), "sh", "-ec", script).CombinedOutput(); err != nil {
		t.Fatalf("on %s: %v: %s\n%s", n.Name(), err, script, out)
	}
}
