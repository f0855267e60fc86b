package snapshot

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

func TestOverlay(t *testing.T) {
	named := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "shop", Name: name} }
	of := func(pod, deployment string) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: named(pod)}
		p.OwnerReferences = []metav1.OwnerReference{{Kind: "Deployment", Name: deployment, Controller: new(true)}}
		return p
	}
	sliceOf := func(name, service string) *discoveryv1.EndpointSlice {
		s := &discoveryv1.EndpointSlice{ObjectMeta: named(name)}
		s.Labels = map[string]string{discoveryv1.LabelServiceName: service}
		return s
	}
	workload := func(name string, replicas int32) *Workload {
		return &Workload{Ref: Ref{"Deployment", "shop", name}, Replicas: replicas}
	}
	live := &Snapshot{
		Services:  []*corev1.Service{{ObjectMeta: named("web"), Spec: corev1.ServiceSpec{ClusterIP: "10.3.0.5"}}, {ObjectMeta: named("cart")}},
		Workloads: []*Workload{workload("web", 2), workload("cart", 1)},
		Pods:      []*corev1.Pod{of("web-a", "web"), of("web-b", "web"), of("cart-a", "cart"), {ObjectMeta: named("alone")}},
		Slices:    []*discoveryv1.EndpointSlice{sliceOf("web-1", "web"), sliceOf("cart-1", "cart")},
		NodePorts: nodeport.Range{First: 1, Last: 2},
		Gaps:      []Gap{{Resource: "nodes"}},
	}
	written := &Snapshot{
		Services:  []*corev1.Service{{ObjectMeta: named("web")}, {ObjectMeta: named("new")}},
		Workloads: []*Workload{workload("web", 1)},
		Pods:      []*corev1.Pod{of("web-1", "web")},
		Slices:    []*discoveryv1.EndpointSlice{sliceOf("web-2", "web")},
	}
	s := Overlay(live, written)
	if got := s.Before("shop", "web"); got == nil || got.Spec.ClusterIP != "10.3.0.5" {
		t.Errorf("web was %v before", got)
	}
	if s.Before("shop", "new") != nil || s.Before("shop", "cart") != nil {
		t.Error("services that are not replaced have one before")
	}
	if len(s.Services) != 3 || s.Service("shop", "web") != written.Services[0] || s.Service("shop", "cart") == nil {
		t.Errorf("services are %v", s.Services)
	}
	if s.Workload("Deployment", "shop", "web").Replicas != 1 || len(s.Workloads) != 2 {
		t.Errorf("workloads are %v", s.Workloads)
	}
	for name, there := range map[string]bool{"web-1": true, "web-a": false, "web-b": false, "cart-a": true, "alone": true} {
		if (s.Pod("shop", name) != nil) != there {
			t.Errorf("pod %s is there: %t", name, !there)
		}
	}
	if got := s.SlicesOf("shop", "web"); len(got) != 1 || got[0].Name != "web-2" || len(s.SlicesOf("shop", "cart")) != 1 {
		t.Errorf("slices are %v", s.Slices)
	}
	if s.NodePorts != live.NodePorts || s.Knows("nodes") {
		t.Errorf("range %v, gaps %v", s.NodePorts, s.Gaps)
	}
	if len(live.Services) != 2 || len(live.Pods) != 4 || len(written.Pods) != 1 {
		t.Error("the arguments were changed")
	}
}
