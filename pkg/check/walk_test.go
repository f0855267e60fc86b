package check

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/platform"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// What can be met at a hop; the nodes of the builders are 10.1.11.4 and up.
var (
	ok      = probe.Result{Outcome: probe.Connected, Took: time.Millisecond, Answer: probe.Answer{Kind: probe.HTTP, Status: 200}}
	refuses = probe.Result{Outcome: probe.Refused}
	times   = probe.Result{Outcome: probe.TimedOut}
	noWay   = probe.Result{Outcome: probe.NoRoute}
	sick    = probe.Result{Outcome: probe.Connected, Answer: probe.Answer{Kind: probe.HTTP, Status: 503}}
	untried = probe.Result{}
)

func icmp(code uint8, offender string) probe.Result {
	return probe.Result{Outcome: probe.Unreachable, ICMP: probe.ICMP{Type: 3, Code: code, Offender: netip.MustParseAddr(offender)}}
}

// walk is a way to service shop/web; nodes are added by their hops.
func walk(changes ...func(*Walk)) *Walk {
	w := &Walk{
		Service: snapshot.Ref{Kind: "Service", Namespace: "shop", Name: "web"},
		Port: &route.Port{
			Name: "http", Protocol: "TCP", NodePort: 30033, Port: 82, Target: "300", Scheme: "http",
			Endpoints: []route.Endpoint{{Address: netip.MustParseAddrPort("10.2.1.7:300"), Node: "n1", Pod: "web-1", Ready: true, Serving: true}},
		},
	}
	for _, change := range changes {
		change(w)
	}
	return w
}

// met adds node n1, n2 and so on, which is to answer.
func met(here, api, kubeProxy probe.Result, changes ...func(*NodeHop)) func(*Walk) {
	return func(w *Walk) {
		i := len(w.Nodes)
		host := netip.AddrFrom4([4]byte{10, 1, 11, byte(4 + i)})
		hop := NodeHop{
			Node: "n" + string(rune('1'+i)), Address: route.Address{Host: host.String(), IP: host, Type: "InternalIP"}, First: true,
			Expect: route.Verdict{Action: route.Forward, Endpoints: w.Port.Endpoints}, Here: here, API: api, KubeProxy: kubeProxy,
		}
		for _, change := range changes {
			change(&hop)
		}
		w.Nodes = append(w.Nodes, hop)
	}
}

func expecting(action route.Action, reason string) func(*NodeHop) {
	return func(h *NodeHop) { h.Expect = route.Verdict{Action: action, Reason: reason} }
}

func notReadyNode(h *NodeHop) { h.Problem = "NotReady" }

// secondAddress makes a hop the second address of node n1.
func secondAddress(h *NodeHop) {
	h.Node, h.First = "n1", false
	h.Address.Host, h.Address.IP = "192.0.2.4", netip.MustParseAddr("192.0.2.4")
}

// behind adds the pod web-1, web-2 and so on.
func behind(api, loopback probe.Result, changes ...func(*PodHop)) func(*Walk) {
	return func(w *Walk) {
		hop := PodHop{
			Pod: "web-" + string(rune('1'+len(w.Pods))), Node: "n1", Address: netip.MustParseAddrPort("10.2.1.7:300"), API: api, Loopback: loopback,
		}
		for _, change := range changes {
			change(&hop)
		}
		w.Pods = append(w.Pods, hop)
	}
}

func took(r probe.Result, d time.Duration) probe.Result {
	r.Took = d
	return r
}

func answering(kind probe.Kind, status int) probe.Result {
	r := ok
	r.Answer = probe.Answer{Kind: kind, Status: status}
	return r
}

func overUDP(w *Walk) { w.Port.Protocol, w.Port.Scheme = "UDP", "" }

func https(w *Walk) { w.Port.Scheme = "https" }

// walkCase is a walk and what it means, as "ID severity confidence: message".
type walkCase struct {
	name string
	walk *Walk
	want []string
}

// walkCases go through the decision tables row by row.
func walkCases() []walkCase {
	return slices.Concat(nodeWalkCases(), podWalkCases(), answerWalkCases())
}

func nodeWalkCases() []walkCase {
	fine, well := met(ok, ok, untried), behind(ok, untried)
	return []walkCase{
		{"all is well", walk(fine, fine, well), nil},
		{"nothing was tried", walk(met(untried, untried, untried)), nil},
		{"UDP says nothing", walk(overUDP, met(probe.Result{Outcome: probe.Silent}, untried, untried)), nil},
		{"as predicted: no endpoints", walk(met(icmp(3, "10.1.11.4"), refuses, untried, expecting(route.Refuse, "no endpoints"))), nil},
		{"as predicted: no endpoint on the node", walk(fine, met(times, times, untried, expecting(route.Drop, "no endpoint on this node"))), nil},
		{"as predicted: another proxy", walk(met(refuses, refuses, untried, expecting(route.Closed, "left to another proxy"))), nil},
		{"as predicted: the node is not ready", walk(fine, met(times, times, times, notReadyNode)), nil},
		{"a node that is not ready answers", walk(fine, met(ok, ok, untried, notReadyNode)), nil},
		{
			"better than predicted", walk(fine, met(ok, ok, untried, expecting(route.Drop, "no endpoint on this node"))),
			[]string{"NP314 info high: n2 answers at TCP 30033, although by the state of the cluster it should not: no endpoint on this node"},
		}, {
			"a firewall between", walk(fine, fine, met(times, ok, ok), well),
			[]string{"NP302 error high: n3 answers inside the cluster but not from here: a firewall or security group drops TCP 30033 to 10.1.11.6"},
		}, {
			"a firewall before all", walk(met(times, ok, ok), met(times, ok, ok), well),
			[]string{"NP302 error high: n1 and n2 answer inside the cluster but not from here: a firewall or security group drops TCP 30033 to 10.1.11.4 and 10.1.11.5"},
		}, {
			"a time-out alone blames nobody", walk(fine, met(times, untried, untried)),
			[]string{"NP301 error low: n2 does not answer from here at TCP 30033, and it is not known why: a firewall or security group may drop it; " +
				"the permission to get nodes/proxy would tell whether the cluster itself is reached"},
		}, {
			"a firewall on the node", walk(fine, met(ok, ok, untried), met(times, times, ok), well),
			[]string{"NP301 error low: n3 drops TCP 30033, from here and from the API server alike, though it is reached at other ports and kube-proxy is well there: " +
				"a firewall on the node or before it may do that, or the node does not reach the pods"},
		}, {
			"nobody knows", walk(fine, fine, met(times, times, untried), well),
			[]string{"NP301 error low: n3 answers neither from here nor from the API server at TCP 30033: a firewall may drop it, or the nodes do not reach the pods"},
		}, {
			"the node's firewall rejects", walk(fine, met(icmp(13, "10.1.11.5"), times, ok)),
			[]string{"NP303 error high: the firewall of n2 (10.1.11.5) rejects TCP 30033 (ICMP: administratively prohibited)"},
		}, {
			"a firewall on the way rejects", walk(fine, met(icmp(10, "192.0.2.1"), ok, ok)),
			[]string{"NP303 error high: the firewall 192.0.2.1 rejects TCP 30033 to 10.1.11.5 (ICMP: administratively prohibited)"},
		}, {
			"a firewall on the way resets", walk(fine, met(refuses, ok, ok)),
			[]string{"NP303 error medium: n2 answers inside the cluster, but the connection from here is reset: a firewall or proxy on the way rejects TCP 30033 to 10.1.11.5"},
		}, {
			"kube-proxy does not run", walk(fine, met(refuses, refuses, refuses), well),
			[]string{"NP304 error high: kube-proxy does not run on n2, so nothing serves TCP 30033 there"},
		}, {
			"kube-proxy is unwell", walk(fine, met(refuses, refuses, sick), well),
			[]string{"NP304 error high: kube-proxy on n2 is not healthy and has not set up TCP 30033 there"},
		}, {
			"kube-proxy has no rule", walk(fine, met(refuses, refuses, ok), well),
			[]string{"NP304 error medium: n2 has no rule for TCP 30033 and resets connections: kube-proxy has not set it up there"},
		}, {
			"a reset, seen from here alone", walk(fine, met(refuses, untried, untried)),
			[]string{"NP304 error medium: n2 has no rule for TCP 30033 and resets connections: kube-proxy has not set it up there"},
		}, {
			"the node is down", walk(fine, met(icmp(1, "10.1.11.100"), times, times)),
			[]string{"NP305 error high: n2 is not reached at 10.1.11.5: the machine is down, or the address is not its own (10.1.11.100 says: host unreachable)"},
		}, {
			"the node is down behind a router", walk(fine, met(times, times, times)),
			[]string{"NP305 error medium: n2 is not reached at 10.1.11.5: the machine is down, or the address is not its own"},
		}, {
			"no way to the nodes", walk(met(noWay, ok, ok), met(noWay, ok, ok)),
			[]string{"NP309 error high: this machine has no way to n1 and n2 at 10.1.11.4 and 10.1.11.5"},
		}, {
			"the nodes of a laptop's cluster", walk(met(times, ok, ok), func(w *Walk) {
				w.Advice = platform.Advice{Text: "kind runs in a virtual machine", Address: "127.0.0.1"}
			}),
			[]string{"NP309 error medium: this machine has no way to n1 at 10.1.11.4: kind runs in a virtual machine"},
		}, {
			"one address of two", walk(fine, met(refuses, ok, ok, secondAddress), well),
			[]string{"NP310 warning medium: n1 answers at TCP 30033 at another address, but not at 192.0.2.4"},
		}, {
			"the first address of two", walk(met(refuses, ok, ok), met(ok, ok, untried, secondAddress), well),
			[]string{"NP310 warning medium: n1 answers at TCP 30033 at another address, but not at 10.1.11.4"},
		}, {
			"one address of two, in silence", walk(fine, met(times, ok, ok, secondAddress), well),
			[]string{"NP310 warning medium: n1 answers at TCP 30033 at another address, but not at 192.0.2.4"},
		}, {
			"packets are lost", walk(fine, met(took(ok, 1043*time.Millisecond), ok, untried)),
			[]string{"NP311 warning high: n2 answers only after 1s: packets are lost on the path, or delayed by more than a second"},
		}, {
			"the node does not know the endpoints", walk(fine, met(icmp(3, "10.1.11.5"), refuses, refuses), well),
			[]string{"NP315 error high: n2 refuses TCP 30033 as if the service had no endpoint, but there is 1: the kube-proxy there does not know of them"},
		}, {
			"nobody listens for datagrams", walk(overUDP, met(icmp(3, "10.1.11.4"), untried, untried)),
			[]string{"NP315 error medium: n1 refuses UDP 30033: no application listens at the target port 300, or the kube-proxy there does not know of the endpoints"},
		}, {
			"only nodes with pods answer", walk(fine, met(times, times, ok), met(times, times, ok), well),
			[]string{"NP316 error medium: n2 and n3 do not pass connections on to pods of other nodes: the nodes that run pods of the service answer, and no other"},
		}, {
			"the pod is gone", walk(fine, met(icmp(1, "10.1.11.5"), times, ok), well),
			[]string{"NP317 error high: n2 forwards TCP 30033 to a pod that it does not reach (ICMP: host unreachable)"},
		},
	}
}

func podWalkCases() []walkCase {
	resets, silent := met(refuses, refuses, ok), met(times, times, ok)
	return []walkCase{
		{"the API server has no way to pods", walk(met(ok, ok, untried), behind(times, ok)), nil},
		{
			"the application is on loopback", walk(resets, resets, behind(refuses, ok)),
			[]string{"NP306 error high: the application in pod web-1 listens on 127.0.0.1:300 only: it refuses connections at 10.2.1.7:300 and takes them inside the pod"},
		}, {
			"some pods are on loopback", walk(met(ok, refuses, untried), resets, behind(ok, untried), behind(refuses, ok), behind(refuses, ok)),
			[]string{"NP306 error high: the application in pods web-2 and web-3 listens on 127.0.0.1:300 only: they refuse connections at 10.2.1.7:300 and take them inside the pod"},
		}, {
			"nothing listens", walk(resets, behind(refuses, refuses)),
			[]string{"NP307 error high: nothing listens on port 300 in pod web-1"},
		}, {
			"another port answers", walk(resets, behind(refuses, refuses, func(h *PodHop) { h.Elsewhere = 8080 })),
			[]string{"NP307 error high: nothing listens on port 300 in pod web-1, but port 8080 answers"},
		}, {
			"nothing listens, or on loopback", walk(resets, behind(refuses, untried)),
			[]string{"NP307 error medium: pod web-1 refuses connections at port 300: nothing listens there, or on loopback only"},
		}, {
			"nothing listens in a pod that is kept apart", walk(silent, behind(times, refuses)),
			[]string{"NP307 error high: nothing listens on port 300 in pod web-1"},
		}, {
			"the pod is kept apart", walk(silent, behind(times, ok)),
			[]string{"NP308 error medium: pod web-1 does not answer at 10.2.1.7:300, not even inside the cluster, though the application listens: " +
				"a network policy or the pod network keeps it apart"},
		}, {
			"the pod is silent", walk(silent, behind(times, untried)),
			[]string{"NP308 error low: pod web-1 does not answer at 10.2.1.7:300, not even inside the cluster"},
		},
	}
}

func answerWalkCases() []walkCase {
	here := func(r probe.Result) func(*Walk) { return met(r, ok, untried) }
	return []walkCase{
		{"HTTPS", walk(https, here(answering(probe.TLS, 200))), nil},
		{"a page that is not there", walk(here(answering(probe.HTTP, 404))), nil},
		{"closed at once", walk(here(answering(probe.Closed, 0))), []string{"NP312 warning high: n1 takes connections at TCP 30033 and closes them at once"}},
		{"TLS in place of HTTP", walk(here(answering(probe.TLS, 400))), []string{"NP313 warning high: port 30033 looks like HTTP but speaks TLS"}},
		{"HTTP in place of TLS", walk(https, here(answering(probe.HTTP, 0))), []string{"NP313 warning high: port 30033 looks like HTTPS but speaks plain HTTP"}},
		{"an error of the application", walk(here(answering(probe.HTTP, 503))), []string{"NP318 warning high: the application answers with HTTP 503"}},
	}
}

func TestWalks(t *testing.T) {
	for _, test := range walkCases() {
		t.Run(test.name, func(t *testing.T) {
			findings := run(test.walk, service(live), pod(), node("n1"), slice())
			var got []string
			for _, f := range findings {
				if strings.HasPrefix(f.ID, "NP3") {
					got = append(got, f.ID+" "+f.Severity.String()+" "+f.Confidence+": "+f.Message)
					if f.Fix == "" {
						t.Errorf("%s has no fix", f.ID)
					}
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func run(w *Walk, web *corev1.Service, objects ...any) []Finding {
	s := cluster(append(objects, web)...)
	return Run(Input{Snapshot: s, Services: []*corev1.Service{web}, Walks: []Walk{*w}})
}

// What no walk finds, or fits no row, may as well not be there.
func TestEveryRowOfTheTablesIsMet(t *testing.T) {
	nodes, pods, found := map[int]bool{}, map[int]bool{}, map[string]bool{}
	for _, test := range walkCases() {
		for i := range test.walk.Nodes {
			signs := test.walk.nodeSigns(&test.walk.Nodes[i])
			nodes[slices.IndexFunc(nodeTable(), func(r nodeRow) bool { return r.fits(signs) })] = true
		}
		for i := range test.walk.Pods {
			signs := test.walk.podSigns(&test.walk.Pods[i])
			pods[slices.IndexFunc(podTable(), func(r podRow) bool { return r.fits(signs) })] = true
		}
		for _, want := range test.want {
			found[want[:5]] = true
		}
	}
	if nodes[-1] || pods[-1] {
		t.Error("a hop fits no row")
	}
	for i, row := range nodeTable() {
		if !nodes[i] {
			t.Errorf("no case meets row %d of the nodes, %s", i, row.id)
		}
	}
	for i, row := range podTable() {
		if !pods[i] {
			t.Errorf("no case meets row %d of the pods, %s", i, row.id)
		}
	}
	for _, rule := range walkRules() {
		if !found[rule.ID] {
			t.Errorf("no case shows that %s (%s) finds something", rule.ID, rule.Title)
		}
	}
}

func TestWhatIsProvenIsNoLongerSuspected(t *testing.T) {
	bound := pod(func(p *corev1.Pod) { p.Spec.Containers[0].Args = []string{"--bind=127.0.0.1"} })
	findings := run(walk(met(refuses, refuses, ok), behind(refuses, ok)), service(live), bound, node("n1"), slice())
	if len(findings) != 1 || findings[0].ID != "NP306" || !strings.Contains(findings[0].Fix, "--bind=0.0.0.0") {
		t.Errorf("got %+v", findings)
	}
}
