package cli

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// fakeCluster answers by what is asked, as "node n1:30033"; what it does not
// know connects.
type fakeCluster struct {
	answers map[string]probe.Result
	errs    map[string]error // by the first word

	mu    sync.Mutex
	asked map[string]int
}

func (c *fakeCluster) try(kind, what string) (probe.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked = map[string]int{}
	}
	c.asked[kind+" "+what]++
	if err := c.errs[kind]; err != nil {
		return probe.Result{}, err
	}
	if result, ok := c.answers[kind+" "+what]; ok {
		return result, nil
	}
	return probe.Result{Outcome: probe.Connected}, nil
}

func (c *fakeCluster) TryNode(_ context.Context, node string, port uint16) (probe.Result, error) {
	return c.try("node", fmt.Sprintf("%s:%d", node, port))
}

func (c *fakeCluster) TryKubeProxy(_ context.Context, node string) (probe.Result, error) {
	return c.try("kube-proxy", node)
}

func (c *fakeCluster) TryPod(_ context.Context, namespace, pod string, port uint16) (probe.Result, error) {
	return c.try("pod", fmt.Sprintf("%s/%s:%d", namespace, pod, port))
}

func (c *fakeCluster) TryLoopback(_ context.Context, namespace, pod string, port uint16) (probe.Result, error) {
	return c.try("loopback", fmt.Sprintf("%s/%s:%d", namespace, pod, port))
}

// walkTable is a table of n nodes and service shop/web, with a pod on each.
func walkTable(n int, protocol string) *route.Table {
	port := route.Port{Name: "http", Protocol: protocol, NodePort: 30033, Port: 82, Target: "300"}
	table := &route.Table{}
	for i := range n {
		name := fmt.Sprintf("n%02d", i+1)
		ip := netip.AddrFrom4([4]byte{10, 1, 11, byte(4 + i)})
		table.Nodes = append(table.Nodes, route.Node{Name: name, Addresses: []route.Address{
			{Host: ip.String(), IP: ip, Type: "InternalIP"}, {Host: "192.0.2." + fmt.Sprint(i+1), IP: netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}), Type: "ExternalIP"},
		}})
		port.Endpoints = append(port.Endpoints, route.Endpoint{
			Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, byte(i), 7}), 300), Node: name, Pod: "web-" + name, Ready: true, Serving: true,
		})
	}
	table.Services = []route.Service{{
		Namespace: "shop", Name: "web", Type: "NodePort", ClusterIPs: []netip.Addr{netip.MustParseAddr("10.3.0.7")}, Ports: []route.Port{port},
	}}
	return table
}

// planned is what is to be walked in a table.
func planned(t *testing.T, table *route.Table, network liveOptions) []check.Walk {
	t.Helper()
	f, _ := testFactory()
	o := &exposeCheckOptions{factory: f, network: network}
	return o.plan(&snapshot.Snapshot{}, table, []*corev1.Service{service()})
}

func walked(t *testing.T, c *fakeCluster, walks []check.Walk, here func(probe.Target) probe.Result) *walker {
	t.Helper()
	w := &walker{
		cluster: c, timeout: time.Second, declared: func(string, string) []uint16 { return []uint16{300, 8080} },
		here: func(_ context.Context, targets []probe.Target) []probe.Result {
			results := make([]probe.Result, len(targets))
			for i, target := range targets {
				results[i] = here(target)
			}
			return results
		},
	}
	w.walk(t.Context(), walks)
	return w
}

func connects(probe.Target) probe.Result { return probe.Result{Outcome: probe.Connected} }

func TestAWalkAsksNoMoreThanItNeeds(t *testing.T) {
	c := &fakeCluster{}
	walks := planned(t, walkTable(2, "TCP"), liveOptions{})
	walked(t, c, walks, connects)
	want := []string{"node n01:30033", "node n02:30033", "pod shop/web-n01:300", "pod shop/web-n02:300"}
	if len(c.asked) != len(want) {
		t.Errorf("asked %v, want %v", c.asked, want)
	}
	for _, what := range want {
		if c.asked[what] != 1 {
			t.Errorf("%q was asked %d times", what, c.asked[what])
		}
	}
	if len(walks[0].Nodes) != 4 || walks[0].Nodes[0].API.Outcome != probe.Connected || walks[0].Nodes[1].API.Outcome != probe.Connected {
		t.Errorf("a node's addresses do not share what the API server met: %+v", walks[0].Nodes)
	}
}

func TestTroubleIsLookedAtFromNearby(t *testing.T) {
	refused := probe.Result{Outcome: probe.Refused}
	c := &fakeCluster{answers: map[string]probe.Result{
		"pod shop/web-n01:300": refused, "node n01:30033": refused, "kube-proxy n01": {Outcome: probe.Connected, Answer: probe.Answer{Status: 200}},
	}}
	walks := planned(t, walkTable(1, "TCP"), liveOptions{})
	walked(t, c, walks, func(probe.Target) probe.Result { return refused })
	if hop := walks[0].Nodes[0]; hop.KubeProxy.Answer.Status != 200 || c.asked["kube-proxy n01"] != 1 {
		t.Errorf("got %+v, asked %v", hop, c.asked)
	}
	if hop := walks[0].Pods[0]; hop.Loopback.Outcome != probe.Connected || hop.Elsewhere != 8080 {
		t.Errorf("got %+v", hop)
	}
}

func TestAPermissionThatIsMissingIsAskedForOnceAndNamed(t *testing.T) {
	c := &fakeCluster{errs: map[string]error{"pod": &cluster.ForbiddenError{Verb: "get", Resource: "pods/proxy"}}}
	walks := planned(t, walkTable(2, "TCP"), liveOptions{})
	w := walked(t, c, walks, connects)
	if len(w.missing) != 1 || w.missing["pods/proxy"] == nil {
		t.Errorf("missing: %v", w.missing)
	}
	if walks[0].Pods[0].API.Outcome != probe.Untried || walks[0].Nodes[0].API.Outcome != probe.Connected {
		t.Errorf("got %+v", walks[0])
	}
}

func TestDatagramsAreTriedFromHereAlone(t *testing.T) {
	c := &fakeCluster{}
	var network string
	walked(t, c, planned(t, walkTable(1, "UDP"), liveOptions{}), func(target probe.Target) probe.Result {
		network = target.Network
		return probe.Result{Outcome: probe.Silent}
	})
	if len(c.asked) != 0 || network != "udp" {
		t.Errorf("asked %v, and %q from here", c.asked, network)
	}
	walked(t, c, planned(t, walkTable(1, "SCTP"), liveOptions{}), func(probe.Target) probe.Result {
		t.Error("SCTP is tried")
		return probe.Result{}
	})
}

func TestOfManyNodesAndPodsSomeAreTried(t *testing.T) {
	walk := planned(t, walkTable(30, "TCP"), liveOptions{})[0]
	if len(walk.Nodes) != 2*mostNodes || walk.MoreNodes != 30-mostNodes || len(walk.Pods) != mostPods || walk.MorePods != 30-mostPods {
		t.Errorf("%d hops and %d nodes more, %d pods and %d more", len(walk.Nodes), walk.MoreNodes, len(walk.Pods), walk.MorePods)
	}
	table := walkTable(30, "TCP")
	table.Services[0].Ports[0].Endpoints = table.Services[0].Ports[0].Endpoints[29:]
	hops := planned(t, table, liveOptions{})[0].Nodes
	if last := hops[len(hops)-1].Node; last != "n30" {
		t.Errorf("the only node with a pod is not among those tried: the last is %s", last)
	}
}

func TestNodesAndAddressesAreChosen(t *testing.T) {
	walk := planned(t, walkTable(30, "TCP"), liveOptions{nodes: []string{"n20", "n03"}, addressTypes: []string{"ExternalIP"}})[0]
	if len(walk.Nodes) != 2 || walk.Nodes[0].Address.Host != "192.0.2.3" || walk.Nodes[1].Node != "n20" || !walk.Nodes[0].First {
		t.Errorf("got %+v", walk.Nodes)
	}
	if err := (&liveOptions{nodes: []string{"n99"}}).known(walkTable(1, "TCP"), &snapshot.Snapshot{}); err == nil {
		t.Error("a node that there is none of is taken")
	}
}
