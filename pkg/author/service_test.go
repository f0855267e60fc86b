package author

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestServiceOfATutorialPodIsWhatOneWouldWrite(t *testing.T) {
	pod := newPod("web", labels{"app": "web"}, port("http", 300), port("", 301))
	s := &snapshot.Snapshot{Pods: []*corev1.Pod{pod}}
	service, err := Service(FromPod(s, pod), Options{
		Labels:      labels{"team": "a"},
		Annotations: labels{"example.com/Note": "any text"},
		Ports:       []PortSpec{spec(t, "30033:82:300")},
	})
	checkError(t, err, "")
	const want = `apiVersion: v1
kind: Service
metadata:
  annotations:
    example.com/Note: any text
  labels:
    app: web
    team: a
  name: web
  namespace: shop
spec:
  ports:
  - name: http
    nodePort: 30033
    port: 82
    targetPort: 300
  selector:
    app: web
  type: NodePort
status:
  loadBalancer: {}
`
	got, err := yaml.Marshal(service)
	checkError(t, err, "")
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestServiceDoesNotShareMapsWithItsSource(t *testing.T) {
	web := deployment(matching(labels{"app": "web"}))
	source := FromWorkload(workload(t, web))
	given := Options{Selector: labels{"app": "shop"}, Annotations: labels{"a": "b"}}
	for _, options := range []Options{{}, given} {
		service, err := Service(source, options)
		checkError(t, err, "")
		clear(service.Labels)
		clear(service.Annotations)
		clear(service.Spec.Selector)
	}
	if len(source.Labels) == 0 || len(source.Selector) == 0 || len(given.Selector) == 0 || len(given.Annotations) == 0 {
		t.Errorf("changed: source %v %v, options %v", source.Labels, source.Selector, given)
	}
}

func TestGivenSelectorStandsAboveOneThatCannotBe(t *testing.T) {
	pod := newPod("web", nil, port("", 80))
	source := FromPod(&snapshot.Snapshot{}, pod)
	_, err := Service(source, Options{})
	if err == nil || !errors.Is(err, source.SelectorErr) {
		t.Errorf("without --selector: got %v, want the source's error", err)
	}
	service, err := Service(source, Options{Selector: labels{"app": "web"}})
	checkError(t, err, "")
	if diff := cmp.Diff(labels{"app": "web"}, service.Spec.Selector); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOptionsBecomeFields(t *testing.T) {
	local, tenSeconds := corev1.ServiceInternalTrafficPolicyLocal, int32(10)
	prefer, require := corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack
	h2c := "kubernetes.io/h2c"
	both := []corev1.IPFamily{corev1.IPv6Protocol, corev1.IPv4Protocol}
	base := func() *corev1.ServiceSpec {
		return &corev1.ServiceSpec{
			Type: corev1.ServiceTypeNodePort, Selector: labels{"app": "web"},
			Ports: []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(80)}},
		}
	}
	tests := []struct {
		name    string
		options Options
		want    func(*corev1.ServiceSpec)
	}{
		{"no options leave everything to the API server", Options{},
			func(*corev1.ServiceSpec) {}},
		{"traffic policies", Options{ExternalTrafficPolicy: "Local", InternalTrafficPolicy: "Local"},
			func(s *corev1.ServiceSpec) { s.ExternalTrafficPolicy, s.InternalTrafficPolicy = "Local", &local }},
		{"session affinity without a timeout", Options{SessionAffinity: "ClientIP"},
			func(s *corev1.ServiceSpec) { s.SessionAffinity = "ClientIP" }},
		{"a timeout implies session affinity", Options{AffinityTimeout: 10 * time.Second},
			func(s *corev1.ServiceSpec) {
				s.SessionAffinity = "ClientIP"
				s.SessionAffinityConfig = &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: &tenSeconds}}
			}},
		{"two IP families need dual stack", Options{IPFamilies: both},
			func(s *corev1.ServiceSpec) { s.IPFamilies, s.IPFamilyPolicy = both, &require }},
		{"the given IP family policy stays", Options{IPFamilies: both, IPFamilyPolicy: prefer},
			func(s *corev1.ServiceSpec) { s.IPFamilies, s.IPFamilyPolicy = both, &prefer }},
		{"one IP family needs no policy", Options{IPFamilies: both[:1]},
			func(s *corev1.ServiceSpec) { s.IPFamilies = both[:1] }},
		{"not ready addresses", Options{PublishNotReadyAddresses: true},
			func(s *corev1.ServiceSpec) { s.PublishNotReadyAddresses = true }},
		{"an application protocol", Options{AppProtocols: labels{"": h2c}},
			func(s *corev1.ServiceSpec) { s.Ports[0].AppProtocol = &h2c }},
		{"a node port", Options{NodePort: 30033},
			func(s *corev1.ServiceSpec) { s.Ports[0].NodePort = 30033 }},
	}
	source := FromPod(&snapshot.Snapshot{}, newPod("web", labels{"app": "web"}, port("", 80)))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			service, err := Service(source, test.options)
			checkError(t, err, "")
			want := base()
			test.want(want)
			if diff := cmp.Diff(want, &service.Spec); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadOptionsAreToldBeforeAnythingElse(t *testing.T) {
	four := corev1.IPv4Protocol
	tests := []struct {
		options Options
		err     string
	}{
		{Options{Name: "a/b"}, `"a/b" is not a valid service name: use at most 63 lower-case letters, digits and '-', and begin and end with a letter or digit`},
		{Options{Labels: labels{"a": "b c"}}, `label "a=b c": bad value: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`},
		{Options{Selector: labels{"": "b"}}, `selector "=b": bad key: name part must be non-empty`},
		{Options{Annotations: labels{"/x": "b"}}, `annotation "/x": bad key: prefix part must be non-empty`},
		{Options{NodePort: 65536}, `node port 65536 is not between 1 and 65535`},
		{Options{NodePort: -1}, `node port -1 is not between 1 and 65535`},
		{Options{AffinityTimeout: 1500 * time.Millisecond}, `session affinity timeout 1.5s is not a whole number of seconds between 1s and 24h`},
		{Options{AffinityTimeout: 24*time.Hour + time.Second}, `session affinity timeout 24h0m1s is not a whole number of seconds between 1s and 24h`},
		{Options{AffinityTimeout: -time.Second}, `session affinity timeout -1s is not a whole number of seconds between 1s and 24h`},
		{Options{AffinityTimeout: time.Second, SessionAffinity: "None"}, `session affinity "None" has no timeout; use "ClientIP"`},
		{Options{IPFamilies: []corev1.IPFamily{four, four}}, `IP families ["IPv4" "IPv4"] are not one or both of "IPv4" and "IPv6"`},
		{Options{IPFamilies: []corev1.IPFamily{four, "IPv6"}, IPFamilyPolicy: "SingleStack"}, `IP family policy "SingleStack" allows one IP family, not both`},
		{Options{AppProtocols: labels{"web": "http"}}, `application protocol "web=http": no port has that name; the ports are ""`},
	}
	source := Source{Name: "web", Selector: labels{"app": "web"}, Pod: newPod("", nil, port("", 80)).Spec}
	for _, test := range tests {
		t.Run(test.err, func(t *testing.T) {
			service, err := Service(source, test.options)
			checkError(t, err, test.err)
			if service != nil {
				t.Errorf("got a service besides: %v", service)
			}
		})
	}
}

func TestLongestAffinityTimeoutIsADay(t *testing.T) {
	checkError(t, Options{AffinityTimeout: 24 * time.Hour}.validate(), "")
}

func spec(t *testing.T, s string) PortSpec {
	t.Helper()
	spec, err := ParsePort(s)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}
