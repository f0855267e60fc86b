package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestNothingIsFoundWhereNothingIsWrong(t *testing.T) {
	for _, test := range []struct {
		name    string
		service *corev1.Service
		in      []any
	}{
		{"a service to be created", service(), around()},
		{"a live service", service(live), around(service(live))},
		{"a live service with a port of the dynamic band", at(31000, live), around(at(31000, live))},
		{"a workload not yet expanded", service(), []any{deployment()}},
		{"pods of which nothing is known but their labels", service(), []any{&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Labels: map[string]string{"app": "web"}},
		}}},
		{"nothing could be read but services", service(), []any{
			snapshot.Gap{Resource: "pods"}, snapshot.Gap{Resource: "nodes"}, snapshot.Gap{Resource: "endpointslices"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, finding := range New(cluster(test.in...)).Service(test.service) {
				t.Errorf("%s %s %s: %s", finding.Severity, finding.ID, finding.Field, finding.Message)
			}
		})
	}
}

func TestServiceReturnsTheWorstFirst(t *testing.T) {
	var got []string
	for _, finding := range New(cluster(around(node("n2", down))...)).Service(at(31000, func(s *corev1.Service) { s.Spec.Ports[0].Port = 0 })) {
		got = append(got, finding.Severity.String()+" "+finding.ID)
	}
	if want := []string{"error NP004", "warning NP404", "info NP104"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestServiceDoesNotChangeWhatItChecks(t *testing.T) {
	s := withPort(func(p *corev1.ServicePort) { p.Protocol, p.TargetPort = "", intstr.IntOrString{} })
	before := s.DeepCopy()
	New(cluster(around()...)).Service(s)
	if fmt.Sprint(before) != fmt.Sprint(s) {
		t.Errorf("the service became %v", s)
	}
}

func TestServicesAreThoseThatWantANodePort(t *testing.T) {
	broken := func(name string, t corev1.ServiceType, node int32, changes ...func(*corev1.Service)) *corev1.Service {
		return ofType(t, append(changes, func(s *corev1.Service) {
			s.Name, s.Spec.Ports[0].NodePort, s.Spec.Ports[0].Port = name, node, 0
		})...)
	}
	none := func(s *corev1.Service) { s.Spec.AllocateLoadBalancerNodePorts = new(false) }
	s := cluster(around(
		broken("z-node-port", "NodePort", 0),
		broken("load-balancer", "LoadBalancer", 0),
		broken("load-balancer-without", "LoadBalancer", 0, none),
		broken("load-balancer-with", "LoadBalancer", 30001, none),
		broken("cluster-ip", "ClusterIP", 0),
		broken("cluster-ip-with", "ClusterIP", 30002),
		broken("external-name-with", "ExternalName", 30003),
	)...)
	var got []string
	for _, finding := range Services(s) {
		if finding.ID == "NP004" {
			got = append(got, finding.Service.Name)
		}
	}
	want := []string{"cluster-ip-with", "external-name-with", "load-balancer", "load-balancer-with", "z-node-port"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestServicesSaysOfANodeOnceWhatItSaysOfEveryService(t *testing.T) {
	waits := pod(notReady)
	s := cluster(waits, node("n1"), node("n2", down), at(30001), cart(30002))
	var got []string
	for _, finding := range Services(s) {
		got = append(got, finding.Service.Name+" "+finding.ID)
	}
	// The pod is behind both services, and both suffer.
	if want := []string{"cart NP221", "cart NP404", "web NP221"}; !sameElements(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// sameElements ignores which of two services a node was said of.
func sameElements(got, want []string) bool {
	normal := func(list []string) string {
		list = slices.Clone(list)
		for i, s := range list {
			if strings.HasSuffix(s, "NP404") {
				list[i] = "NP404"
			}
		}
		slices.Sort(list)
		return strings.Join(list, ",")
	}
	return normal(got) == normal(want)
}

func TestFindingsHaveTheirPosition(t *testing.T) {
	s := cluster(around()...)
	s.Positions = places{"spec.ports[0].nodePort": {File: "service.yaml", Line: 12, Column: 7}}
	for _, finding := range New(s).Service(at(8080)) {
		if finding.Position.String() != "service.yaml:12:7" {
			t.Errorf("%s is at %q", finding.ID, finding.Position)
		}
	}
}

// A manifest that names no node port is given one as an example; what is
// wrong with that is nobody's business.
func TestPortsChosenForAManifestAreNotFoundFault(t *testing.T) {
	s := cluster(around()...)
	s.Positions = places{
		"spec.ports[0].nodePort": {File: "service.yaml", Line: 10, Column: 5}, "spec.ports[0]": {File: "service.yaml", Line: 10, Column: 5},
	}
	for _, finding := range New(s).Service(at(31000)) {
		t.Errorf("%s: %s", finding.ID, finding.Message)
	}
}

// places are the positions of the fields of all objects.
type places map[string]snapshot.Position

func (p places) Locate(_ snapshot.Ref, field string) snapshot.Position { return p[field] }

func TestStops(t *testing.T) {
	for _, test := range []struct {
		finding Finding
		want    bool
	}{
		{Finding{Severity: Error}, true},
		{Finding{Severity: Error, Passing: true}, false},
		{Finding{Severity: Warning}, false},
		{Finding{Severity: Info}, false},
	} {
		if got := test.finding.Stops(); got != test.want {
			t.Errorf("%+v stops: %t", test.finding, got)
		}
	}
}

func TestFixesOfLiveServicesCanBePasted(t *testing.T) {
	for _, test := range []struct {
		name    string
		service *corev1.Service
		in      []any
		want    string
	}{
		{"a port", withPort(func(p *corev1.ServicePort) { p.TargetPort = intstr.FromString("htpt") }), nil,
			`kubectl patch service web -n shop --type=json -p '[{"op":"add","path":"/spec/ports/0/targetPort","value":"http"}]'`},
		{"the spec", service(localTraffic), []any{node("n2")},
			`use the addresses of these nodes; or, to have all nodes answer: ` +
				`kubectl patch service web -n shop --type=merge -p '{"spec":{"externalTrafficPolicy":"Cluster"}}'`},
		{"a field that goes", service(func(s *corev1.Service) { s.Spec.LoadBalancerClass = new("x") }), nil,
			`kubectl patch service web -n shop --type=merge -p '{"spec":{"loadBalancerClass":null}}'`},
	} {
		t.Run(test.name, func(t *testing.T) {
			live(test.service)
			findings := New(cluster(around(append(test.in, test.service)...)...)).Service(test.service)
			if len(findings) != 1 || findings[0].Fix != test.want {
				t.Errorf("got %+v\nwant the fix %s", findings, test.want)
			}
		})
	}
	if got := shellQuote("it's"); got != `'it'\''s'` {
		t.Errorf("shellQuote = %s", got)
	}
}

func TestSuggestedPortsDoNotCollide(t *testing.T) {
	s := cluster(around(nodeport.Range{First: 30000, Last: 30019, Learned: true})...)
	var ports []corev1.ServicePort
	for i := range int32(10) {
		ports = append(ports, port(fmt.Sprint("p", i), 80+i, 80+i))
	}
	seen := map[string]string{}
	for _, finding := range New(s).Service(withPorts(ports...)) {
		_, value, _ := strings.Cut(finding.Fix, " to ")
		if other, twice := seen[value]; twice {
			t.Errorf("%s is suggested for %s and %s", value, other, finding.Field)
		}
		seen[value] = finding.Field
	}
	if len(seen) != len(ports) {
		t.Errorf("%d of %d ports are given another", len(seen), len(ports))
	}
}

// Files can hold anything; the rules must come to an end all the same.
func TestOddObjectsAreChecked(t *testing.T) {
	controller := func(name string) *metav1.OwnerReference {
		return &metav1.OwnerReference{Kind: "Deployment", Name: name, Controller: new(true)}
	}
	circle := []any{
		deployment(func(w *snapshot.Workload) { w.Controller = controller("web") }),
		&corev1.Pod{}, &corev1.Node{}, &corev1.Service{}, &snapshot.Workload{},
	}
	for name, odd := range map[string]*corev1.Service{
		"empty":                {},
		"control characters":   service(func(s *corev1.Service) { s.Name, s.Spec.Selector = "\x1b[2J", map[string]string{"\n": "\x00"} }),
		"negative ports":       withPorts(port("http", -1, -1)),
		"an empty target name": withPort(func(p *corev1.ServicePort) { p.TargetPort = intstr.FromString("") }),
	} {
		t.Run(name, func(t *testing.T) {
			s := cluster(append(circle, odd)...)
			for _, finding := range slices.Concat(New(s).Service(odd), Services(s), New(s).Strangers(odd, circle[0].(*snapshot.Workload).Ref)) {
				if strings.ContainsAny(finding.Message, "\x00\x1b\n") {
					t.Errorf("%s: %q", finding.ID, finding.Message)
				}
			}
		})
	}
}
