package snapshot

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

func service(namespace, name, origin string) *corev1.Service {
	return &corev1.Service{ObjectMeta: meta(namespace, name, tags{"from": origin})}
}

func slice(namespace, name, service string) *discoveryv1.EndpointSlice {
	return &discoveryv1.EndpointSlice{ObjectMeta: meta(namespace, name, tags{discoveryv1.LabelServiceName: service})}
}

// from lists objects as "namespace/name origin", by their label.
func from[T metav1.Object](list []T) []string {
	var names []string
	for _, object := range list {
		names = append(names, object.GetNamespace()+"/"+object.GetName()+" "+object.GetLabels()["from"])
	}
	return names
}

func TestOverlay(t *testing.T) {
	replicaSet := controller("ReplicaSet", "web-5d4")
	deployment := controller("Deployment", "web")
	live := &Snapshot{
		Services: []*corev1.Service{service("shop", "web", "live"), service("shop", "api", "live"), service("bar", "web", "live")},
		Slices:   []*discoveryv1.EndpointSlice{slice("shop", "web-live", "web"), slice("shop", "api-live", "api"), slice("bar", "web-live", "web")},
		Nodes:    []*corev1.Node{{ObjectMeta: meta("", "node-a", tags{"from": "live"})}, {ObjectMeta: meta("", "node-b", tags{"from": "live"})}},
		Pods: []*corev1.Pod{
			pod("shop", "web-5d4-1", tags{"from": "live"}, replicaSet), pod("shop", "alone", tags{"from": "live"}), pod("shop", "bare", tags{"from": "live"}),
		},
		Workloads: []*Workload{
			{Ref: Ref{"Deployment", "shop", "web"}, Replicas: 1}, {Ref: Ref{"ReplicaSet", "shop", "web-5d4"}, Controller: &deployment},
			{Ref: Ref{"Deployment", "bar", "web"}},
		},
		NodePorts: nodeport.Range{First: 20000, Last: 20999},
		Gaps:      []Gap{{Resource: "nodes", Err: errors.New("forbidden")}},
	}
	written := &Snapshot{
		Services:  []*corev1.Service{service("shop", "web", "file")},
		Slices:    []*discoveryv1.EndpointSlice{slice("shop", "web-file", "web")},
		Nodes:     []*corev1.Node{{ObjectMeta: meta("", "node-b", tags{"from": "file"})}},
		Pods:      []*corev1.Pod{pod("shop", "web-1", tags{"from": "file"}), pod("shop", "bare", tags{"from": "file"})},
		Workloads: []*Workload{{Ref: Ref{"Deployment", "shop", "web"}, Replicas: 3}},
		Positions: files{7},
	}
	got := Overlay(live, written)
	check := func(what string, want, got []string) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("services", []string{"shop/web file", "shop/api live", "bar/web live"}, from(got.Services))
	check("replaced services", []string{"shop/web live"}, from(got.Replaced))
	check("slices of the services that stay", []string{"shop/web-file ", "shop/api-live ", "bar/web-live "}, from(got.Slices))
	check("nodes", []string{"/node-b file", "/node-a live"}, from(got.Nodes))
	check("pods, without those of a workload that is written anew", []string{"shop/web-1 file", "shop/bare file", "shop/alone live"}, from(got.Pods))
	if web := got.Workload("Deployment", "shop", "web"); web == nil || web.Replicas != 3 || len(got.Workloads) != 3 {
		t.Errorf("workloads: got %v", got.Workloads)
	}
	if got.NodePorts != live.NodePorts {
		t.Errorf("range: got %v", got.NodePorts)
	}
	if got.Knows("nodes") || got.Locate(Ref{Name: "web"}, "").Line != 7 {
		t.Error("gaps or positions are lost")
	}
	if len(live.Services) != 3 || len(live.Pods) != 3 || len(written.Services) != 1 || len(live.Workloads) != 3 {
		t.Error("the arguments are changed")
	}
}

func TestRangeOfAnOverlayIsTheWrittenOneIfThereIsOne(t *testing.T) {
	live, written := nodeport.Range{First: 20000, Last: 20999}, nodeport.Range{First: 31000, Last: 31999}
	if got := Overlay(&Snapshot{NodePorts: live}, &Snapshot{NodePorts: written}).NodePorts; got != written {
		t.Errorf("got %v", got)
	}
}

func TestPoliciesIn(t *testing.T) {
	policy := func(namespace, name string) *networkingv1.NetworkPolicy {
		return &networkingv1.NetworkPolicy{ObjectMeta: meta(namespace, name, nil)}
	}
	s := &Snapshot{Policies: []*networkingv1.NetworkPolicy{policy("shop", "deny"), policy("bar", "deny"), policy("shop", "allow")}}
	if diff := cmp.Diff([]string{"shop/deny ", "shop/allow "}, from(s.PoliciesIn("shop"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := s.PoliciesIn("other"); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestBefore(t *testing.T) {
	old := service("shop", "web", "live")
	s := &Snapshot{Services: []*corev1.Service{service("shop", "web", "file")}, Replaced: []*corev1.Service{old}}
	if got := s.Before("shop", "web"); got != old {
		t.Errorf("got %v", got)
	}
	if got := s.Before("shop", "api"); got != nil {
		t.Errorf("got %v", got)
	}
}
