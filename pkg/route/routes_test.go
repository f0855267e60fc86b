package route

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// ways writes the routes to the table's only port.
func ways(t *testing.T, table *Table) []string {
	t.Helper()
	service, port := only(t, table)
	var got []string
	for way := range table.Routes(service, port) {
		answer := way.Reason()
		if way.Answers() {
			answer += "answers"
		}
		got = append(got, fmt.Sprintf("%s %s %s", way.Node.Name, way.Address.Host, answer))
	}
	return got
}

func TestRoutes(t *testing.T) {
	dual := func(s *corev1.Service) { clusterIPsOf("10.3.11.5", "fd00::5")(s) }
	down := node("node-d", "", "10.1.11.7")
	down.Status.Conditions[0].Status = corev1.ConditionUnknown
	named := node("node-e", "")
	named.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: "node-e"}}
	for _, test := range []struct {
		name    string
		nodes   []*corev1.Node
		service func(*corev1.Service)
		want    []string
	}{
		{
			name:  "one for each node",
			nodes: threeNodes(),
			want:  []string{"node-a 10.1.11.4 answers", "node-b 10.1.11.5 answers", "node-c 10.1.11.6 answers"},
		}, {
			name:  "and for each of its addresses",
			nodes: []*corev1.Node{node("node-a", "", "10.1.11.4", "192.168.0.4")},
			want:  []string{"node-a 10.1.11.4 answers", "node-a 192.168.0.4 answers"},
		}, {
			name:  "but not for addresses of a family that the service has not",
			nodes: []*corev1.Node{node("node-a", "", "fd00::4", "10.1.11.4"), node("node-b", "", "fd00::5")},
			want:  []string{"node-a 10.1.11.4 answers"},
		}, {
			name:    "both families of a dual-stack service, each with its endpoints",
			nodes:   []*corev1.Node{node("node-a", "", "10.1.11.4", "fd00::4")},
			service: dual,
			want:    []string{"node-a 10.1.11.4 answers", "node-a fd00::4 no endpoints"},
		}, {
			name:    "only the nodes with an endpoint answer under policy Local",
			nodes:   threeNodes(),
			service: externalLocal,
			want:    []string{"node-a 10.1.11.4 answers", "node-b 10.1.11.5 no endpoint on this node", "node-c 10.1.11.6 no endpoint on this node"},
		}, {
			name:  "a node that is not Ready may not answer",
			nodes: []*corev1.Node{down},
			want:  []string{"node-d 10.1.11.7 NotReady"},
		}, {
			name:    "which says more than that it has no endpoint",
			nodes:   []*corev1.Node{down},
			service: externalLocal,
			want:    []string{"node-d 10.1.11.7 NotReady"},
		}, {
			name:  "a node with a name only is asked by that",
			nodes: []*corev1.Node{named},
			want:  []string{"node-e node-e answers"},
		}, {
			name:    "and by the service's first family",
			nodes:   []*corev1.Node{named},
			service: clusterIPsOf("fd00::5", "10.3.11.5"),
			want:    []string{"node-e node-e no endpoints"},
		}, {
			name:    "none for a service without a cluster IP",
			nodes:   []*corev1.Node{named, node("node-a", "", "10.1.11.4")},
			service: func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.ClusterIPs = "", nil },
		}, {
			name:  "none for a node without addresses",
			nodes: []*corev1.Node{node("node-a", "")},
		}, {
			name:  "a service that kube-proxy passes over is reached on none",
			nodes: threeNodes()[:1],
			service: func(s *corev1.Service) {
				s.Labels = map[string]string{"service.kubernetes.io/service-proxy-name": "mine"}
			},
			want: []string{"node-a 10.1.11.4 left to service proxy mine"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := service()
			if test.service != nil {
				test.service(s)
			}
			table := New(&snapshot.Snapshot{
				Services: []*corev1.Service{s},
				Slices:   slicesOf{slice(ready("10.2.1.7", "node-a"))},
				Nodes:    test.nodes,
			})
			if diff := cmp.Diff(test.want, ways(t, table)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRoutesFollowHintsNodeByNode(t *testing.T) {
	table := tableOf(service(), slice(ready("10.2.1.7", "", forZones("zone-1")), ready("10.2.2.8", "", forZones("zone-2"))))
	service, port := only(t, table)
	got := map[string]string{}
	for way := range table.Routes(service, port) {
		got[way.Node.Name] = told(*way.Verdict)
	}
	want := map[string]string{
		"node-a": "forward 10.2.1.7:300", "node-b": "forward 10.2.2.8:300", "node-c": "forward 10.2.1.7:300 10.2.2.8:300",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRoutesStopEarly(t *testing.T) {
	table := tableOf(service(), slice(ready("10.2.1.7", "node-a")))
	service, port := only(t, table)
	var got []string
	for way := range table.Routes(service, port) {
		got = append(got, way.Node.Name)
		if len(got) == 2 {
			break
		}
	}
	if diff := cmp.Diff([]string{"node-a", "node-b"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
