package route

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestAddressesOfANode(t *testing.T) {
	type addresses = []corev1.NodeAddress
	for _, test := range []struct {
		name  string
		given addresses
		want  []string
	}{
		{
			name:  "external ones come first, names not at all",
			given: addresses{{Type: "Hostname", Address: "node-a"}, {Type: "InternalIP", Address: "10.1.11.4"}, {Type: "ExternalDNS", Address: "a.example.com"}, {Type: "ExternalIP", Address: "192.0.2.4"}},
			want:  []string{"ExternalIP 192.0.2.4", "InternalIP 10.1.11.4"},
		}, {
			name:  "those of one type stay in the node's order",
			given: addresses{{Type: "InternalIP", Address: "fd00::4"}, {Type: "InternalIP", Address: "10.1.11.4"}},
			want:  []string{"InternalIP fd00::4", "InternalIP 10.1.11.4"},
		}, {
			name:  "one given as internal and external is one",
			given: addresses{{Type: "InternalIP", Address: "10.1.11.4"}, {Type: "ExternalIP", Address: "10.1.11.4"}},
			want:  []string{"ExternalIP 10.1.11.4"},
		}, {
			name:  "a host name that is an IP address is one",
			given: addresses{{Type: "Hostname", Address: "10.1.11.9"}, {Type: "InternalIP", Address: "10.1.11.4"}},
			want:  []string{"InternalIP 10.1.11.4", "Hostname 10.1.11.9"},
		}, {
			name:  "a type of a provider's own comes last",
			given: addresses{{Type: "PodIP", Address: "10.9.9.9"}, {Type: "InternalIP", Address: "10.1.11.4"}},
			want:  []string{"InternalIP 10.1.11.4", "PodIP 10.9.9.9"},
		}, {
			name:  "names stand in for a node without an IP address, the external first",
			given: addresses{{Type: "Hostname", Address: "node-a"}, {Type: "InternalDNS", Address: "a.internal"}, {Type: "ExternalDNS", Address: "a.example.com"}},
			want:  []string{"ExternalDNS a.example.com", "InternalDNS a.internal", "Hostname node-a"},
		}, {
			name:  "an IPv4-mapped address is written as IPv4",
			given: addresses{{Type: "InternalIP", Address: "::ffff:10.1.11.4"}},
			want:  []string{"InternalIP 10.1.11.4"},
		}, {
			name:  "the host name kubelet gives twice is one",
			given: addresses{{Type: "InternalDNS", Address: "node-a"}, {Type: "Hostname", Address: "node-a"}},
			want:  []string{"InternalDNS node-a"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := node("node-a", "")
			n.Status.Addresses = test.given
			var got []string
			for _, a := range New(&snapshot.Snapshot{Nodes: []*corev1.Node{n}}).Nodes[0].Addresses {
				got = append(got, a.Type+" "+a.Host)
				if a.IP.IsValid() && a.IP.String() != a.Host {
					t.Errorf("host %q has IP %s", a.Host, a.IP)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblemOfANode(t *testing.T) {
	condition := func(kind corev1.NodeConditionType, status corev1.ConditionStatus) func(*corev1.Node) {
		return func(n *corev1.Node) { n.Status.Conditions = []corev1.NodeCondition{{Type: kind, Status: status}} }
	}
	for _, test := range []struct {
		name   string
		change func(*corev1.Node)
		want   string
	}{
		{"a node that is Ready has none", func(*corev1.Node) {}, ""},
		{"one that is not Ready", condition(corev1.NodeReady, corev1.ConditionFalse), "NotReady"},
		{"one that nobody hears of", condition(corev1.NodeReady, corev1.ConditionUnknown), "NotReady"},
		{"one of manifests, without any condition", func(n *corev1.Node) { n.Status.Conditions = nil }, ""},
		{"pressure is none", condition(corev1.NodeDiskPressure, corev1.ConditionTrue), ""},
		{"nor is its absence", condition(corev1.NodeDiskPressure, corev1.ConditionFalse), ""},
		{"a cordoned node serves node ports as before", func(n *corev1.Node) { n.Spec.Unschedulable = true }, ""},
		{"a node without an address", func(n *corev1.Node) { n.Status.Addresses = nil }, "no address"},
		{"a virtual kubelet", func(n *corev1.Node) { n.Labels["type"] = "virtual-kubelet" }, "no kube-proxy"},
		{"a Fargate node", func(n *corev1.Node) { n.Labels["eks.amazonaws.com/compute-type"] = "fargate" }, "no kube-proxy"},
		{"an EC2 node", func(n *corev1.Node) { n.Labels["eks.amazonaws.com/compute-type"] = "ec2" }, ""},
		{"what has no kube-proxy has none whether Ready or not", func(n *corev1.Node) {
			n.Labels["type"] = "virtual-kubelet"
			condition(corev1.NodeReady, corev1.ConditionFalse)(n)
		}, "no kube-proxy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := node("node-a", "zone-1", "10.1.11.4")
			test.change(n)
			got := New(&snapshot.Snapshot{Nodes: []*corev1.Node{n}}).Nodes[0]
			if got.Problem != test.want || got.Zone != "zone-1" {
				t.Errorf("got %q in zone %q, want %q", got.Problem, got.Zone, test.want)
			}
		})
	}
}

func TestNodesAreSortedAsPeopleCount(t *testing.T) {
	for _, want := range [][]string{
		{"n1", "n2", "n10"},
		{"node-1", "node-2", "node-10", "node-10b"},
		{"a", "a1", "b"},
		{"ip-10-0-2-9", "ip-10-0-2-10", "ip-10-0-12-1"},
		{"n01-b", "n1-b", "n1-c"},
		{"n99999999999999999999", "n100000000000000000000"},
	} {
		got := slices.Clone(want)
		slices.Reverse(got)
		slices.SortFunc(got, compareNames)
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
