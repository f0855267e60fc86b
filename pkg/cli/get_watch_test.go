package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
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
	said.Reset()
	(&getOptions{factory: f}).tellDeleted(tableOf(service(named("\x1b[2J"))), tableOf())
	if got := said.String(); strings.Contains(got, "\x1b") {
		t.Errorf("%q controls the terminal", got)
	}
}

func TestWatchListsAgainWhatChanges(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8")
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	f, said := testFactory()
	out := f.Out.(*bytes.Buffer)
	o := &getOptions{factory: f, listing: listing{factory: f, where: "namespace shop"}}
	snapshotOf := func(services ...*corev1.Service) *snapshot.Snapshot { return &snapshot.Snapshot{Services: services} }
	var before *route.Table
	for _, step := range []struct {
		name      string
		now       *snapshot.Snapshot
		out, said string
	}{
		{
			name: "first all, with headers", now: snapshotOf(service(), service(named("api"))),
			out: `NAME   NODEPORT → PORT → TARGET   ENDPOINTS   NODE        ADDRESS
api    30033 → 82 → 300/TCP       0/0         <unknown>   http://<node>:30033
web    30033 → 82 → 300/TCP       0/0         <unknown>   http://<node>:30033
`,
		},
		{name: "nothing when nothing changed", now: snapshotOf(service(), service(named("api")))},
		{
			name: "then what changed", now: snapshotOf(service(ports(port("http", 82, 30034, 300))), service(named("api"))),
			out: "web   30034 → 82 → 300/TCP   0/0   <unknown>   http://<node>:30034\n",
		},
		{name: "and what is gone", now: snapshotOf(service(ports(port("http", 82, 30034, 300)))), said: "service shop/api has no node port any more\n"},
	} {
		out.Reset()
		said.Reset()
		table := route.New(step.now)
		checkError(t, o.followed(before, table, step.now), "")
		if diff := cmp.Diff(step.out, out.String()); diff != "" {
			t.Errorf("%s: out (-want +got):\n%s", step.name, diff)
		}
		if diff := cmp.Diff(step.said, said.String()); diff != "" {
			t.Errorf("%s: said (-want +got):\n%s", step.name, diff)
		}
		before = table
	}
}

func TestWatchOfAServiceThatIsNotThere(t *testing.T) {
	f, _ := testFactory()
	o := &getOptions{factory: f, listing: listing{factory: f, where: "namespace shop"}}
	o.query.Namespace, o.query.Names = "shop", []string{"web"}
	empty := &snapshot.Snapshot{}
	checkError(t, o.followed(nil, route.New(empty), empty), `service "web" not found in namespace shop`)
	checkError(t, o.followed(tableOf(service()), route.New(empty), empty), "")
}

func nodeNamed(name string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status:     corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "10.1.11.4"}}},
	}
}

func TestWatchKeepsToItsNodesWhenAServiceGoes(t *testing.T) {
	f, _ := testFactory()
	o := &getOptions{factory: f, nodes: []string{"a"}, listing: listing{factory: f, format: "name"}}
	o.query.Namespace, o.query.Names = "shop", []string{"api", "web"}
	s := &snapshot.Snapshot{Services: []*corev1.Service{service()}, Nodes: []*corev1.Node{nodeNamed("a"), nodeNamed("b")}}
	table := route.New(s)
	checkError(t, o.followed(tableOf(service(), service(named("api"))), table, s), "")
	if len(table.Nodes) != 1 || table.Nodes[0].Name != "a" {
		t.Errorf("got the nodes %+v, want a alone", table.Nodes)
	}
}

func TestWatchOfAddressesOutlastsAMomentWithoutAny(t *testing.T) {
	f, said := testFactory()
	o := &getOptions{factory: f, listing: listing{factory: f, format: "url", where: "namespace shop"}}
	s := &snapshot.Snapshot{Services: []*corev1.Service{service()}}
	checkError(t, o.followed(nil, route.New(s), s), "")
	if got, want := said.String(), "note: no address answers in namespace shop; kubectl nodeport get shows why\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	checkError(t, o.followed(tableOf(), route.New(s), s), "")
	checkError(t, o.listing.urls(tableOf(), s), "no address answers in namespace shop; kubectl nodeport get shows why")
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

// A service that changes is listed whatever it has to be sorted by, and columns
// have headers once.
func TestWatchInColumnsSortsTheFirstListingAlone(t *testing.T) {
	f, _ := testFactory()
	out := f.Out.(*bytes.Buffer)
	columns, err := render.ParseColumns("NAME:.metadata.name,HEALTH:.healthCheckNodePort")
	checkError(t, err, "")
	order, err := render.ParseOrder(".healthCheckNodePort")
	checkError(t, err, "")
	o := &getOptions{factory: f, listing: listing{factory: f, printer: columns, order: order}}
	checked := func(s *corev1.Service) { s.Spec.HealthCheckNodePort = 31000 }
	first := &snapshot.Snapshot{Services: []*corev1.Service{service(), service(named("api"), checked)}}
	checkError(t, o.followed(nil, route.New(first), first), "")
	then := &snapshot.Snapshot{Services: []*corev1.Service{service(ports(port("http", 82, 30034, 300))), service(named("api"), checked)}}
	checkError(t, o.followed(route.New(first), route.New(then), then), "")
	const want = "NAME   HEALTH\nweb    <none>\napi    31000\nweb   <none>\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
