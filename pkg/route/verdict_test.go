package route

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

type endpoints = []discoveryv1.Endpoint

// packetFlow is what a packet meets that arrives at a node. The default is a
// client outside the cluster at node-a, over IPv4.
type packetFlow struct {
	name      string
	service   func(*corev1.Service)
	endpoints endpoints
	at        string
	family    Family
	inside    bool
	want      string
}

func (flow packetFlow) run(t *testing.T) {
	t.Helper()
	s := service()
	if flow.service != nil {
		flow.service(s)
	}
	table := tableOf(s, slice(flow.endpoints...))
	service, port := only(t, table)
	at, family := "node-a", IPv4
	if flow.at != "" {
		at = flow.at
	}
	if flow.family != 0 {
		family = flow.family
	}
	verdict := table.FromOutside(nodeOf(t, table, at), service, port, family)
	if flow.inside {
		verdict = table.FromInside(nodeOf(t, table, at), service, port, family)
	}
	if got := told(verdict); got != flow.want {
		t.Errorf("got %q, want %q; endpoints:\n%+v", got, flow.want, port.Endpoints)
	}
	if (verdict.Action == Forward) != (len(verdict.Endpoints) > 0) || (verdict.Action == Forward) != (verdict.Reason == "") {
		t.Errorf("%s with %d endpoints and reason %q", verdict.Action, len(verdict.Endpoints), verdict.Reason)
	}
}

func TestPacketFlowUnderPolicyCluster(t *testing.T) {
	for _, flow := range []packetFlow{
		{
			name:      "external client to a node that runs the endpoint",
			endpoints: endpoints{ready("10.2.1.7", "node-a")},
			want:      "forward 10.2.1.7:300",
		}, {
			name:      "external client to a node that runs none",
			endpoints: endpoints{ready("10.2.1.7", "node-b")},
			want:      "forward 10.2.1.7:300",
		}, {
			name:      "every ready endpoint is one to choose, sorted by address",
			endpoints: endpoints{ready("10.2.2.8", "node-b"), ready("10.2.1.7", "node-a"), ready("10.2.1.17", "node-a")},
			want:      "forward 10.2.1.7:300 10.2.1.17:300 10.2.2.8:300",
		}, {
			name: "no endpoints at all",
			want: "refuse: no endpoints",
		}, {
			name:      "endpoints whose pods are not ready",
			endpoints: endpoints{notReady("10.2.1.7", "node-a"), notReady("10.2.2.8", "node-b")},
			want:      "refuse: no ready endpoint",
		}, {
			name:      "not ready endpoints are passed over while others are ready",
			endpoints: endpoints{notReady("10.2.1.7", "node-a"), ready("10.2.2.8", "node-b")},
			want:      "forward 10.2.2.8:300",
		}, {
			name:      "terminating endpoints that still serve stand in when none is ready",
			endpoints: endpoints{serving("10.2.1.7", "node-a"), serving("10.2.2.8", "node-b"), notReady("10.2.3.9", "node-c")},
			want:      "forward 10.2.1.7:300 10.2.2.8:300",
		}, {
			name:      "a terminating endpoint on the node gives way to a ready one elsewhere",
			endpoints: endpoints{serving("10.2.1.7", "node-a"), ready("10.2.2.8", "node-b")},
			want:      "forward 10.2.2.8:300",
		}, {
			name:      "terminating endpoints that serve no more are no use",
			endpoints: endpoints{gone("10.2.1.7", "node-a")},
			want:      "refuse: no ready endpoint",
		}, {
			name: "an endpoint that serves but is not ready and not terminating is no use",
			endpoints: endpoints{ready("10.2.1.7", "node-a", func(e *discoveryv1.Endpoint) {
				e.Conditions = conditions(false, true, false)
			})},
			want: "refuse: no ready endpoint",
		}, {
			name: "publishNotReadyAddresses makes a terminating, unready endpoint ready",
			endpoints: endpoints{ready("10.2.1.7", "node-a", func(e *discoveryv1.Endpoint) {
				e.Conditions = conditions(true, false, true)
			}), serving("10.2.2.8", "node-b")},
			want: "forward 10.2.1.7:300",
		}, {
			name: "absent conditions are those of a ready endpoint",
			endpoints: endpoints{ready("10.2.1.7", "", func(e *discoveryv1.Endpoint) {
				e.Conditions = discoveryv1.EndpointConditions{}
			})},
			want: "forward 10.2.1.7:300",
		}, {
			name: "an absent serving condition serves",
			endpoints: endpoints{ready("10.2.1.7", "", func(e *discoveryv1.Endpoint) {
				e.Conditions = discoveryv1.EndpointConditions{Ready: new(false), Terminating: new(true)}
			})},
			want: "forward 10.2.1.7:300",
		}, {
			name: "an absent terminating condition is not terminating",
			endpoints: endpoints{ready("10.2.1.7", "", func(e *discoveryv1.Endpoint) {
				e.Conditions = discoveryv1.EndpointConditions{Ready: new(false), Serving: new(true)}
			})},
			want: "refuse: no ready endpoint",
		}, {
			name:      "internalTrafficPolicy Local does not matter to node ports",
			service:   internalLocalPolicy,
			endpoints: endpoints{ready("10.2.2.8", "node-b")},
			want:      "forward 10.2.2.8:300",
		},
	} {
		t.Run(flow.name, flow.run)
	}
}

func TestPacketFlowUnderPolicyLocal(t *testing.T) {
	for _, flow := range []packetFlow{
		{
			name:      "external client to a node without endpoint",
			endpoints: endpoints{ready("10.2.2.8", "node-b")},
			want:      "drop: no endpoint on this node",
		}, {
			name:      "external client to the node of the endpoint",
			endpoints: endpoints{ready("10.2.2.8", "node-b"), ready("10.2.1.7", "node-a")},
			want:      "forward 10.2.1.7:300",
		}, {
			name: "no endpoints anywhere",
			want: "refuse: no endpoints",
		}, {
			name:      "none that can be used anywhere",
			endpoints: endpoints{notReady("10.2.1.7", "node-a"), gone("10.2.2.8", "node-b")},
			want:      "refuse: no ready endpoint",
		}, {
			name:      "the endpoint on the node is not ready, but one elsewhere is",
			endpoints: endpoints{notReady("10.2.1.7", "node-a"), ready("10.2.2.8", "node-b")},
			want:      "drop: no endpoint on this node",
		}, {
			name:      "a terminating endpoint that serves elsewhere is still one",
			endpoints: endpoints{notReady("10.2.1.7", "node-a"), serving("10.2.2.8", "node-b")},
			want:      "drop: no endpoint on this node",
		}, {
			name:      "a terminating endpoint on the node serves although others are ready elsewhere",
			endpoints: endpoints{serving("10.2.1.7", "node-a"), ready("10.2.2.8", "node-b")},
			want:      "forward 10.2.1.7:300",
		}, {
			name:      "a terminating endpoint gives way to a ready one on the same node",
			endpoints: endpoints{serving("10.2.1.7", "node-a"), ready("10.2.1.8", "node-a")},
			want:      "forward 10.2.1.8:300",
		}, {
			name:      "an endpoint without a node is on none",
			endpoints: endpoints{ready("10.2.1.7", "")},
			want:      "drop: no endpoint on this node",
		}, {
			name:      "hints do not matter",
			endpoints: endpoints{ready("10.2.1.7", "node-a", forZones("zone-2"), forNodes("node-b"))},
			want:      "forward 10.2.1.7:300",
		},
	} {
		flow.service = externalLocal
		t.Run(flow.name, flow.run)
	}
}

func TestPacketFlowFromInside(t *testing.T) {
	for _, flow := range []packetFlow{
		{
			name:      "a pod at the cluster IP under internalTrafficPolicy Cluster",
			endpoints: endpoints{ready("10.2.2.8", "node-b")},
			want:      "forward 10.2.2.8:300",
		}, {
			name:      "a pod on a node without endpoint under internalTrafficPolicy Local",
			service:   internalLocalPolicy,
			endpoints: endpoints{ready("10.2.2.8", "node-b")},
			want:      "drop: no endpoint on this node",
		}, {
			name:      "a pod on the endpoint's node under internalTrafficPolicy Local",
			service:   internalLocalPolicy,
			at:        "node-b",
			endpoints: endpoints{ready("10.2.2.8", "node-b")},
			want:      "forward 10.2.2.8:300",
		}, {
			name:      "externalTrafficPolicy Local does not matter to the cluster IP",
			service:   externalLocal,
			endpoints: endpoints{ready("10.2.2.8", "node-b")},
			want:      "forward 10.2.2.8:300",
		},
	} {
		flow.inside = true
		t.Run(flow.name, flow.run)
	}
}

func TestPacketFlowWhenEndpointsCouldNotBeRead(t *testing.T) {
	forbidden := snapshot.Gap{Resource: "endpointslices", Namespace: "shop", Err: errors.New("forbidden")}
	for _, test := range []struct {
		name   string
		change func(*corev1.Service)
		slices []*discoveryv1.EndpointSlice
		family Family
		want   string
	}{
		{name: "nothing is said of a port that seems to have none", family: IPv4, want: "unknown"},
		{name: "nor under policy Local", change: externalLocal, family: IPv4, want: "unknown"},
		{name: "but those that are known are used", slices: []*discoveryv1.EndpointSlice{slice(ready("10.2.1.7", "node-a"))}, family: IPv4, want: "forward 10.2.1.7:300"},
		{name: "and a family that the service has not is known all the same", family: IPv6, want: "closed: service has no IPv6"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := service()
			if test.change != nil {
				test.change(s)
			}
			table := New(&snapshot.Snapshot{
				Services: []*corev1.Service{s}, Slices: test.slices, Nodes: threeNodes(), Gaps: []snapshot.Gap{forbidden},
			})
			service, port := only(t, table)
			if got := told(table.FromOutside(nodeOf(t, table, "node-a"), service, port, test.family)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			for way := range table.Routes(service, port) {
				if !way.Answers() || way.Reason() != "" {
					t.Errorf("%s: nothing is known against it, but %q", way.Node.Name, way.Reason())
				}
			}
		})
	}
}

func TestActionsAreWords(t *testing.T) {
	for action, want := range map[Action]string{Forward: "forward", Refuse: "refuse", Drop: "drop", Closed: "closed", Unknown: "unknown"} {
		if got := action.String(); got != want {
			t.Errorf("%d: got %q, want %q", action, got, want)
		}
	}
}
