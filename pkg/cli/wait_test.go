package cli

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestInterruptedWaitSaysWhatExists(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, test := range []struct {
		name    string
		pending []string
		want    string
	}{
		{"with what it waited for", []string{"port 82 of service web has 0 of 1 endpoints ready"}, "service web exists in namespace shop, but is not reachable yet: port 82 of service web has 0 of 1 endpoints ready\n"},
		{"before anything was seen", nil, "service web exists in namespace shop, but is not reachable yet\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, said := testFactory()
			w := &wait{factory: f, namespace: "shop", names: []string{"web"}}
			checkError(t, w.unready(ctx, test.pending), "context canceled")
			if diff := cmp.Diff(test.want, said.String()); diff != "" {
				t.Errorf("said (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPendingPorts(t *testing.T) {
	table := tableOf(service(), service(named("api")))
	table.Services[1].Ports[0].Endpoints = []route.Endpoint{{Ready: false}}
	w := &wait{table: table, podless: map[string]bool{"api": true}}
	if diff := cmp.Diff([]string{"port 82 of service web has 0 of 1 endpoints ready"}, w.pending()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	table.Services[1].Ports[0].Endpoints[0].Ready = true
	if got := w.pending(); got != nil {
		t.Errorf("got %q, want none", got)
	}
}

func TestWhatIsMissingInTheClusterIsAddedFromTheManifests(t *testing.T) {
	web, api := &snapshot.Workload{Ref: snapshot.Ref{Kind: "Deployment", Name: "web"}}, &snapshot.Workload{Ref: snapshot.Ref{Kind: "Deployment", Name: "api"}}
	live := &snapshot.Snapshot{Workloads: []*snapshot.Workload{web}}
	got := withMissing(live, &snapshot.Snapshot{Workloads: []*snapshot.Workload{web, api}})
	if len(got.Workloads) != 2 || got.Workload("Deployment", "", "api") != api {
		t.Errorf("got %v, want web and api", got.Workloads)
	}
}
