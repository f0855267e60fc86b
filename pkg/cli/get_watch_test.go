package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func tableOf(services ...*corev1.Service) *route.Table {
	return route.New(&snapshot.Snapshot{Services: services})
}

func namesOf(table *route.Table) []string {
	var names []string
	for _, service := range table.Services {
		names = append(names, service.Name)
	}
	return names
}

func TestChangedSince(t *testing.T) {
	web, api := service(), service(named("api"))
	moved := service(ports(port("http", 82, 30034, 300)))
	onNode := func(table *route.Table, name string) *route.Table {
		table.Nodes = []route.Node{{Name: name}}
		return table
	}
	for _, test := range []struct {
		name        string
		before, now *route.Table
		want        []string
	}{
		{"nothing", tableOf(web, api), tableOf(web, api), nil},
		{"a new service", tableOf(web), tableOf(web, api), []string{"api"}},
		{"another node port", tableOf(web, api), tableOf(moved, api), []string{"web"}},
		{"a service that is gone is told otherwise", tableOf(web, api), tableOf(api), nil},
		{"another node is a change of all services", onNode(tableOf(web, api), "a"), onNode(tableOf(web, api), "b"), []string{"api", "web"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := changedSince(test.before, test.now)
			if diff := cmp.Diff(test.want, namesOf(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.now.Nodes, got.Nodes); diff != "" {
				t.Errorf("nodes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestServicesThatAreGoneAreTold(t *testing.T) {
	f, said := testFactory()
	(&getOptions{factory: f}).tellDeleted(tableOf(service(), service(named("api"))), tableOf(service()))
	if got, want := said.String(), "service shop/api has no node port any more\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestForgetAssumed(t *testing.T) {
	const text = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: NodePort, ports: [{name: given, port: 82, nodePort: 30033}, {name: chosen, port: 83}]}
`
	set, err := manifest.Read(t.Context(), manifest.Source{Paths: []string{"-"}, Stdin: strings.NewReader(text)})
	checkError(t, err, "")
	s, assumed := set.Snapshot(manifest.Defaults{})
	table := route.New(s)
	if ports := table.Services[0].Ports; ports[1].NodePort == 0 {
		t.Fatalf("nothing was assumed: %+v", ports)
	}
	if !forgetAssumed(table, assumed) {
		t.Error("it says that nothing was assumed")
	}
	if ports := table.Services[0].Ports; ports[0].NodePort != 30033 || ports[1].NodePort != 0 {
		t.Errorf("got %+v", ports)
	}
	if forgetAssumed(tableOf(service()), assumed) {
		t.Error("it says that a given node port was assumed")
	}
}

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

func TestMissingWorkloads(t *testing.T) {
	web, api := &snapshot.Workload{Ref: snapshot.Ref{Kind: "Deployment", Name: "web"}}, &snapshot.Workload{Ref: snapshot.Ref{Kind: "Deployment", Name: "api"}}
	got := missing(&snapshot.Snapshot{Workloads: []*snapshot.Workload{web}}, []*snapshot.Workload{web, api})
	if len(got) != 1 || got[0] != api {
		t.Errorf("got %v, want only api", got)
	}
}
