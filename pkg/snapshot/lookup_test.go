package snapshot

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type tags = map[string]string

func meta(namespace, name string, l tags) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: l}
}

func pod(namespace, name string, l tags, owners ...metav1.OwnerReference) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: meta(namespace, name, l)}
	p.OwnerReferences = owners
	return p
}

func controller(kind, name string) metav1.OwnerReference {
	return metav1.OwnerReference{Kind: kind, Name: name, Controller: new(true)}
}

func names(pods []*corev1.Pod) []string {
	var names []string
	for _, pod := range pods {
		names = append(names, pod.Namespace+"/"+pod.Name)
	}
	return names
}

func TestLookups(t *testing.T) {
	slice := func(namespace, name string, l tags) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{ObjectMeta: meta(namespace, name, l)}
	}
	of := func(service string) tags { return tags{discoveryv1.LabelServiceName: service} }
	s := &Snapshot{
		Services: []*corev1.Service{{ObjectMeta: meta("shop", "web", nil)}, {ObjectMeta: meta("bar", "web", nil)}},
		Slices: []*discoveryv1.EndpointSlice{
			slice("shop", "web-1", of("web")), slice("shop", "web-2", of("web")), slice("bar", "web-3", of("web")),
			slice("shop", "api-1", of("api")), slice("shop", "web", nil),
		},
		Nodes:     []*corev1.Node{{ObjectMeta: meta("", "node-a", nil)}},
		Pods:      []*corev1.Pod{pod("shop", "web", nil), pod("bar", "web", nil)},
		Workloads: []*Workload{{Ref: Ref{"Deployment", "shop", "web"}}, {Ref: Ref{"Job", "shop", "web"}}},
	}
	for i, ref := range []string{"shop", "bar"} {
		if got := s.Service(ref, "web"); got != s.Services[i] {
			t.Errorf("service %s/web is %v", ref, got)
		}
		if got := s.Pod(ref, "web"); got != s.Pods[i] {
			t.Errorf("pod %s/web is %v", ref, got)
		}
	}
	for i, kind := range []string{"Deployment", "Job"} {
		if got := s.Workload(kind, "shop", "web"); got != s.Workloads[i] {
			t.Errorf("%s shop/web is %v", kind, got)
		}
	}
	if got := s.Node("node-a"); got != s.Nodes[0] {
		t.Errorf("node-a is %v", got)
	}
	var got []string
	for _, slice := range s.SlicesOf("shop", "web") {
		got = append(got, slice.Name)
	}
	if diff := cmp.Diff([]string{"web-1", "web-2"}, got); diff != "" {
		t.Errorf("slices of shop/web (-want +got):\n%s", diff)
	}
	if s.Service("shop", "api") != nil || s.Pod("", "web") != nil || s.Node("node-b") != nil ||
		s.Workload("DaemonSet", "shop", "web") != nil || s.SlicesOf("bar", "api") != nil {
		t.Error("something is found that is not there")
	}
}

func TestLookupsInAnEmptySnapshot(t *testing.T) {
	var s Snapshot
	if s.Service("a", "b") != nil || s.Pod("a", "b") != nil || s.Node("a") != nil || s.SlicesOf("a", "b") != nil ||
		s.Workload("Job", "a", "b") != nil || s.PodsMatching("a", tags{"app": "web"}) != nil {
		t.Error("something is found in nothing")
	}
}

func TestPodsMatching(t *testing.T) {
	s := &Snapshot{Pods: []*corev1.Pod{
		pod("shop", "web-1", tags{"app": "web", "tier": "front"}),
		pod("shop", "web-2", tags{"app": "web", "tier": "back"}),
		pod("shop", "api-1", tags{"app": "api", "tier": "back"}),
		pod("shop", "bare", nil),
		pod("bar", "web-3", tags{"app": "web", "tier": "front"}),
	}}
	for _, test := range []struct {
		name     string
		selector tags
		want     []string
	}{
		{"by one label", tags{"app": "web"}, []string{"shop/web-1", "shop/web-2"}},
		{"by all tags", tags{"app": "web", "tier": "back"}, []string{"shop/web-2"}},
		{"in whatever order, by the rarer label too", tags{"tier": "back", "app": "api"}, []string{"shop/api-1"}},
		{"a value that no pod has", tags{"app": "db"}, nil},
		{"a label that no pod has", tags{"app": "web", "team": "a"}, nil},
		{"an empty value is not an absent label", tags{"app": ""}, nil},
		{"two labels of which no pod has both", tags{"app": "api", "tier": "front"}, nil},
		{"the empty selector matches none", tags{}, nil},
		{"nor does no selector", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, names(s.PodsMatching("shop", test.selector))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Selectors go over maps, in any order: the same is asked many times.
func TestPodsAreSoughtAmongThoseOfTheRarestLabel(t *testing.T) {
	s := &Snapshot{}
	for range 5 {
		s.Pods = append(s.Pods, pod("shop", "web", tags{"app": "web", "tier": "front"}))
	}
	s.Pods = append(s.Pods, pod("shop", "first", tags{"app": "web", "tier": "front", "number": "0"}))
	for range 50 {
		if got := s.rarest("shop", tags{"app": "web", "number": "0", "tier": "front"}); len(got) != 1 {
			t.Fatalf("among %d pods, want 1", len(got))
		}
	}
}

func TestOwnerOf(t *testing.T) {
	deployment := controller("Deployment", "web")
	cron := controller("CronJob", "nightly")
	s := &Snapshot{Workloads: []*Workload{
		{Ref: Ref{"ReplicaSet", "shop", "web-5d4"}, Controller: &deployment},
		{Ref: Ref{"Deployment", "shop", "web"}},
		{Ref: Ref{"ReplicaSet", "shop", "alone"}},
		{Ref: Ref{"ReplicaSet", "shop", "orphan"}, Controller: &metav1.OwnerReference{Kind: "Deployment", Name: "unread"}},
		{Ref: Ref{"Job", "shop", "nightly-1"}, Controller: &cron},
	}}
	for _, test := range []struct {
		name   string
		owners []metav1.OwnerReference
		want   Ref
		none   bool
	}{
		{name: "a bare pod", none: true},
		{name: "an owner that is no controller", owners: []metav1.OwnerReference{{Kind: "Node", Name: "node-a"}}, none: true},
		{name: "the Deployment rather than its ReplicaSet", owners: []metav1.OwnerReference{controller("ReplicaSet", "web-5d4")}, want: Ref{"Deployment", "shop", "web"}},
		{name: "a ReplicaSet that was made by hand", owners: []metav1.OwnerReference{controller("ReplicaSet", "alone")}, want: Ref{"ReplicaSet", "shop", "alone"}},
		{name: "a ReplicaSet that the snapshot does not hold", owners: []metav1.OwnerReference{controller("ReplicaSet", "other")}, want: Ref{"ReplicaSet", "shop", "other"}},
		{name: "a Deployment that the snapshot does not hold", owners: []metav1.OwnerReference{controller("ReplicaSet", "orphan")}, want: Ref{"Deployment", "shop", "unread"}},
		{name: "a CronJob, of which no snapshot holds any", owners: []metav1.OwnerReference{controller("Job", "nightly-1")}, want: Ref{"CronJob", "shop", "nightly"}},
		{name: "an owner of a kind of somebody else", owners: []metav1.OwnerReference{controller("Rollout", "web")}, want: Ref{"Rollout", "shop", "web"}},
		{name: "the controller among several owners", owners: []metav1.OwnerReference{{Kind: "Node", Name: "node-a"}, controller("ReplicaSet", "alone")}, want: Ref{"ReplicaSet", "shop", "alone"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := s.OwnerOf(pod("shop", "web-1", nil, test.owners...))
			if got != test.want || ok == test.none {
				t.Errorf("got %s, %t, want %s", got, ok, test.want)
			}
		})
	}
}

// Anybody may write such owner references: the API server does not follow them.
func TestOwnerOfEndsWhereOwnersGoRoundInCircles(t *testing.T) {
	self, a, b := controller("ReplicaSet", "self"), controller("ReplicaSet", "a"), controller("ReplicaSet", "b")
	s := &Snapshot{Workloads: []*Workload{
		{Ref: Ref{"ReplicaSet", "shop", "self"}, Controller: &self},
		{Ref: Ref{"ReplicaSet", "shop", "a"}, Controller: &b},
		{Ref: Ref{"ReplicaSet", "shop", "b"}, Controller: &a},
	}}
	if got, ok := s.OwnerOf(pod("shop", "web-1", nil, self)); !ok || got.Name != "self" {
		t.Errorf("got %s, %t", got, ok)
	}
	if got, ok := s.OwnerOf(pod("shop", "web-1", nil, a)); !ok || got.Kind != "ReplicaSet" {
		t.Errorf("got %s, %t", got, ok)
	}
}
