package render

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// walkedReport is of service shop/web, of whose three nodes one answers.
func walkedReport() *Report {
	ref := snapshot.Ref{Kind: "Service", Namespace: "shop", Name: "web"}
	pod := netip.MustParseAddrPort("10.2.1.7:300")
	table := &route.Table{Services: []route.Service{{
		Namespace: "shop", Name: "web", Type: "NodePort",
		Ports: []route.Port{{
			Name: "http", Protocol: "TCP", NodePort: 30033, Port: 82, Target: "300",
			Endpoints: []route.Endpoint{{Address: pod, Pod: "web-1", Node: "n1", Ready: true}},
		}},
	}}}
	connected := probe.Result{Outcome: probe.Connected, Took: 1500 * time.Microsecond}
	closed := connected
	closed.Answer = probe.Answer{Kind: probe.Closed}
	rejected := probe.Result{Outcome: probe.Unreachable, ICMP: probe.ICMP{Type: 3, Code: 13, Offender: netip.MustParseAddr("192.0.2.1")}, Error: "no route to host"}
	at := func(name, host string) check.NodeHop {
		return check.NodeHop{Node: name, Address: route.Address{Host: host, Type: "InternalIP"}}
	}
	n1, n2, n3 := at("n1", "10.1.11.4"), at("n2", "10.1.11.5"), at("n3\x1b[2J", "10.1.11.6")
	n1.Here, n1.API = closed, connected
	n2.Here, n2.API = rejected, connected
	n3.Here, n3.Expect = probe.Result{Outcome: probe.TimedOut}, route.Verdict{Action: route.Drop, Reason: "no endpoint on this node"}
	walk := check.Walk{
		Service: ref, Port: &table.Services[0].Ports[0], Nodes: []check.NodeHop{n1, n2, n3}, MoreNodes: 97,
		Pods: []check.PodHop{{Pod: "web-1", Node: "n1", Address: pod, API: probe.Result{Outcome: probe.Refused}, Loopback: connected}},
	}
	return &Report{Services: []snapshot.Ref{ref}, Table: table, Walks: []check.Walk{walk}, Live: true}
}

func TestAWalkIsWrittenByStandpoints(t *testing.T) {
	var b bytes.Buffer
	if err := Text(&b, walkedReport(), TextOptions{Glyphs: Unicode(), Width: 80, Healthy: true}); err != nil {
		t.Fatal(err)
	}
	want := `✓ shop/web  http  30033 → 82 → 300/TCP
  from here  ✓ node n1 10.1.11.4:30033 closes at once
             ✗ n2 10.1.11.5:30033 prohibited by 192.0.2.1
             ✗ n3\u001b[2J 10.1.11.6:30033 timed out, as expected: no endpoint on this node
             and 97 nodes more, not tried
  from API   ✓ node n1  ✓ n2
  pods       ✗ web-1 10.2.1.7:300 on n1 refused, answers on its loopback

1 service checked: nothing found
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAWalkIsInTheJSON(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, walkedReport()); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Services []struct {
			Ports []struct{ Hops json.RawMessage }
		}
	}
	if err := json.Unmarshal(b.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(string(report.Services[0].Ports[0].Hops)), "")
	for _, want := range []string{
		`{"node":"n1","address":"10.1.11.4:30033","addressType":"InternalIP","expected":"forward","fromHere":{"outcome":"connected","seconds":0.0015,"answer":"closed"}`,
		`"fromHere":{"outcome":"unreachable","seconds":0,"icmpType":3,"icmpCode":13,"offender":"192.0.2.1","error":"noroutetohost"}`,
		`"expected":"drop","reason":"noendpointonthisnode","fromHere":{"outcome":"timedout","seconds":0}}`,
		`"pods":[{"pod":"web-1","node":"n1","address":"10.2.1.7:300","fromAPI":{"outcome":"refused","seconds":0},"loopback":{"outcome":"connected"`,
		`"nodesNotTried":97`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
}
