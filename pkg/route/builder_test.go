package route

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// What a Builder makes of snapshots that follow each other is what New makes of
// each, and endpoints that nothing has changed stay in the same memory.
func TestABuilderReadsAgainWhatChanged(t *testing.T) {
	web, api := service(), service(func(s *corev1.Service) { s.Name = "api"; s.Spec.Ports[0].NodePort = 30034 })
	first, second := slice(ready("10.2.1.7", "node-a")), slice(ready("10.2.1.8", "node-a"))
	ofAPI := slice(ready("10.2.2.7", "node-a"))
	ofAPI.Labels[discoveryv1.LabelServiceName] = "api"
	moved := slice(ready("10.2.1.9", "node-a"))
	renumbered := service(func(s *corev1.Service) { s.Spec.Ports[0].NodePort = 30035 })
	list := func(slices ...*discoveryv1.EndpointSlice) []*discoveryv1.EndpointSlice { return slices }
	var b Builder
	var before *Table
	for i, step := range []struct {
		name     string
		services []*corev1.Service
		slices   []*discoveryv1.EndpointSlice
		stays    bool // web's endpoints
	}{
		{"at first", []*corev1.Service{web, api}, list(first, second, ofAPI), false},
		{"nothing but the order", []*corev1.Service{api, web}, list(ofAPI, second, first), true},
		{"an endpoint of another service", []*corev1.Service{web, api}, list(first, second), true},
		{"an endpoint moved", []*corev1.Service{web, api}, list(first, moved), false},
		{"an endpoint gone", []*corev1.Service{web, api}, list(moved), false},
		{"another node port", []*corev1.Service{renumbered, api}, list(moved), false},
		{"a service gone", []*corev1.Service{renumbered}, list(moved), true},
		{"the service anew", []*corev1.Service{renumbered, api}, list(moved, ofAPI), true},
	} {
		s := func() *snapshot.Snapshot {
			return &snapshot.Snapshot{Services: step.services, Slices: step.slices}
		}
		table := b.Table(s())
		if diff := cmp.Diff(New(s()), table, cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{})); diff != "" {
			t.Errorf("%s: a table from scratch is another (-scratch, +builder):\n%s", step.name, diff)
		}
		if i > 0 {
			was, is := before.Service("shop", "web").Ports[0].Endpoints, table.Service("shop", "web").Ports[0].Endpoints
			if stays := &was[0] == &is[0]; stays != step.stays {
				t.Errorf("%s: endpoints in the same memory: %t, want %t", step.name, stays, step.stays)
			}
		}
		before = table
	}
}
