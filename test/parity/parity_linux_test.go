package parity

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

var (
	cases = flag.Int("cases", 144, "how many random services are compared")
	seed  = flag.Uint64("seed", 0, "with which they are drawn; 0: another one each time")
	modes = flag.String("modes", "nftables,iptables", "the modes of kube-proxy that the engine is compared with")
)

// passedOn are the flags that count in the lab, too.
func passedOn() []string {
	return []string{fmt.Sprintf("-cases=%d", *cases), fmt.Sprintf("-seed=%d", *seed), "-modes=" + *modes}
}

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, role+":", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(rig.Main(m))
}

// rows are scenarios in which something happens, to be looked at each time.
func rows() map[string]scenario {
	one, two := endpoint{Host: 1}, endpoint{Host: 2}
	ends := endpoint{Host: 1, Node: "n1", Ready: no, Serving: yes, Terminating: yes}
	return map[string]scenario{
		"without endpoints a connection is refused": {Protocol: "TCP", Families: "46"},
		"without endpoints a datagram is refused":   {Protocol: "UDP", Families: "46"},
		"one that is not ready is as none":          {Protocol: "TCP", Families: "4", Before: []endpoint{{Host: 1, Ready: no}}},
		"Local drops connections where no endpoint is": {
			Protocol: "TCP", Families: "46", Local: true, Before: []endpoint{{Host: 1, Node: "n2"}},
		},
		"Local drops datagrams where no endpoint is": {
			Protocol: "UDP", Families: "46", Local: true, Before: []endpoint{{Host: 1, Node: "n2"}},
		},
		"Local leads to a local one that ends before it drops": {
			Protocol: "TCP", Families: "4", Local: true, Before: []endpoint{ends, {Host: 2, Node: "n2"}},
		},
		"Cluster leads to one that ends only when none is ready": {Protocol: "TCP", Families: "4", Before: []endpoint{ends}},
		"Cluster leaves one that ends when another is ready":     {Protocol: "TCP", Families: "4", Before: []endpoint{ends, two}},
		"one that is published although not ready is used": {
			Protocol: "UDP", Families: "4", Before: []endpoint{{Host: 1, Ready: yes, Serving: no}, two},
		},
		"hints of the zone choose": {
			Protocol: "TCP", Families: "4", Before: []endpoint{{Host: 1, Zones: []string{"z1"}}, {Host: 2, Zones: []string{"z2"}}},
		},
		"hints do not choose unless all have them": {
			Protocol: "TCP", Families: "4", Before: []endpoint{{Host: 1, Zones: []string{"z1"}}, two},
		},
		"hints of the node go before those of the zone": {
			Protocol: "TCP", Families: "4", Before: []endpoint{
				{Host: 1, Zones: []string{"z1"}, Nodes: []string{"n2"}}, {Host: 2, Zones: []string{"z2"}, Nodes: []string{"n1"}},
			},
		},
		"of one address in two states the better one counts": {
			Protocol: "TCP", Families: "4", Before: []endpoint{{Host: 1, Ready: no, Serving: yes, Terminating: yes}, one},
		},
		"pods with another target port are reached at that": {
			Protocol: "TCP", Families: "46", Before: []endpoint{one, {Host: 2, Target: 1}},
		},
		"affinity binds clients to endpoints": {Protocol: "TCP", Families: "46", Affinity: true, Before: []endpoint{one, two, {Host: 3}}},
		"affinity ends with the endpoint": {
			Protocol: "UDP", Families: "4", Affinity: true, Before: []endpoint{one, two}, Changes: true, After: []endpoint{two},
		},
		"a connection outlives its endpoint": {
			Protocol: "TCP", Families: "4", Before: []endpoint{one}, Changes: true, After: []endpoint{two},
		},
		"a connection outlives the last endpoint": {Protocol: "TCP", Families: "46", Before: []endpoint{one}, Changes: true},
		"a flow moves when its endpoint goes": {
			Protocol: "UDP", Families: "46", Before: []endpoint{one}, Changes: true, After: []endpoint{two},
		},
		"a flow stays with one that ends and serves": {
			Protocol: "UDP", Families: "4", Before: []endpoint{{Host: 1, Node: "n1"}}, Changes: true, After: []endpoint{ends, two},
		},
		"a flow outlives that Local drops new ones": {
			Protocol: "UDP", Families: "4", Before: []endpoint{{Host: 1, Node: "n2"}, {Host: 2, Node: "n1"}}, Local: true,
			Changes: true, After: []endpoint{{Host: 2, Node: "n2"}},
		},
		"a service of another proxy is closed": {Protocol: "TCP", Families: "46", Foreign: true, Before: []endpoint{one}},
	}
}

// roundSize is how many services are served at the same time: without root
// iptables cannot give the kernel the rules of many more at once.
const roundSize = 16

func TestTheEngineDoesAsKubeProxyDoes(t *testing.T) {
	version, err := kubeProxyVersion()
	if err != nil {
		t.Fatal(err)
	}
	if kubernetes.NFTables.Missing(version) && slices.Contains(proxyModes(), "nftables") {
		t.Skipf("skipped: kube-proxy %s has mode nftables only behind a feature gate; use -modes=iptables", version)
	}
	if !enterLab(t, rig.Oracle) {
		return
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	l, started := newLab(t), time.Now()
	all := slices.Collect(maps.Values(rows()))
	for r := rand.New(rand.NewPCG(*seed, 0)); len(all) < *cases; {
		all = append(all, randomScenario(r))
	}
	for i := range all {
		all[i] = all[i].knownTo(version)
	}
	for round := range slices.Chunk(all, roundSize) {
		for i, result := range l.play(round, usual()) {
			if disagreement(round[i], result) != "" {
				l.report(round[i], result, version)
			}
		}
		if t.Failed() {
			break
		}
	}
	t.Logf("%d services, seed %d, %s", len(all), *seed, time.Since(started).Round(time.Second))
}

// report looks at a disagreement twice again, alone and thoroughly, and tells
// of it in its smallest form.
func (l *lab) report(s scenario, first seen, version kubernetes.Version) {
	l.t.Helper()
	drawn, atFirst := s, disagreement(s, first)
	var result seen
	for range 2 {
		result = l.play([]scenario{s}, thorough())[0]
		if disagreement(s, result) == "" {
			l.t.Logf("seen and not again, so it was chance or a slow machine: %s in\n\t%s\n%s", atFirst, s, first)
			return
		}
	}
	for {
		smaller := s.smaller(version)
		if len(smaller) == 0 {
			break
		}
		found := false
		for candidates := range slices.Chunk(smaller, roundSize) {
			for i, candidate := range l.play(candidates, thorough()) {
				if !found && disagreement(candidates[i], candidate) != "" {
					s, result, found = candidates[i], candidate, true
				}
			}
			if found {
				break
			}
		}
		if !found {
			break
		}
	}
	l.t.Errorf("not as kube-proxy does, seed %d: %s\n\t\"…\": %s,\n%s\tfirst seen: %s in\n\t\"…\": %s,",
		*seed, disagreement(s, result), s, result, atFirst, drawn)
}

// disagreement says what two systems do otherwise; empty if nothing. It is one
// of the engine unless the modes of kube-proxy do not agree either.
func disagreement(s scenario, result seen) string {
	for _, family := range []byte(s.Families) {
		allowed := s.allowed(family)
		ours := result[family]["engine"]
		for _, mode := range proxyModes() {
			if what := ours.differ(s, result[family][mode], allowed); what != "" {
				return fmt.Sprintf("%s in IPv%c, from %s", what, family, mode)
			}
		}
	}
	return ""
}

// String writes what each system did.
func (r seen) String() string {
	var text strings.Builder
	for _, family := range []byte("46") {
		for _, system := range systems() {
			if o, ok := r[family][system]; ok {
				fmt.Fprintf(&text, "\t%-9s IPv%c: %s\n", system, family, o)
			}
		}
	}
	return text.String()
}
