package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
)

func TestKeepNodePorts(t *testing.T) {
	udp := func(p corev1.ServicePort) corev1.ServicePort {
		p.Protocol = corev1.ProtocolUDP
		return p
	}
	for _, test := range []struct {
		name          string
		before, after []corev1.ServicePort
		want          []int32
	}{
		{
			name:   "a port that stays as it is: the API server keeps its node port",
			before: []corev1.ServicePort{port("http", 82, 30033, 300)},
			after:  []corev1.ServicePort{port("http", 82, 0, 300)},
			want:   []int32{0},
		}, {
			name:   "a port that is renamed: the API server tells it by its number",
			before: []corev1.ServicePort{port("http", 82, 30033, 300)},
			after:  []corev1.ServicePort{port("web", 82, 0, 300)},
			want:   []int32{0},
		}, {
			name:   "a port that is renumbered: the API server tells it by its name",
			before: []corev1.ServicePort{port("http", 82, 30033, 300)},
			after:  []corev1.ServicePort{port("http", 83, 0, 300)},
			want:   []int32{0},
		}, {
			name:   "a port with another name and another number is told by its target",
			before: []corev1.ServicePort{port("http", 82, 30033, 300), port("db", 90, 30044, 400)},
			after:  []corev1.ServicePort{port("web", 83, 0, 300), port("sql", 91, 0, 400)},
			want:   []int32{30033, 30044},
		}, {
			name:   "or by being the only one, whatever its target",
			before: []corev1.ServicePort{port("http", 82, 30033, 300)},
			after:  []corev1.ServicePort{port("web", 83, 0, 301)},
			want:   []int32{30033},
		}, {
			name:   "or by being the only one that is left",
			before: []corev1.ServicePort{port("http", 82, 30033, 300), port("db", 90, 30044, 400)},
			after:  []corev1.ServicePort{port("web", 83, 0, 301), port("db", 90, 0, 400)},
			want:   []int32{30033, 0},
		}, {
			name:   "not when it could have been either of two",
			before: []corev1.ServicePort{port("http", 82, 30033, 300), port("db", 90, 30044, 400)},
			after:  []corev1.ServicePort{port("web", 83, 0, 301)},
			want:   []int32{0},
		}, {
			name:   "nor when two could be it",
			before: []corev1.ServicePort{port("http", 82, 30033, 300)},
			after:  []corev1.ServicePort{port("web", 83, 0, 301), port("sql", 91, 0, 401)},
			want:   []int32{0, 0},
		}, {
			name:   "not when two are left",
			before: []corev1.ServicePort{port("http", 82, 30033, 300), port("db", 90, 30044, 400)},
			after:  []corev1.ServicePort{port("web", 83, 0, 301), port("sql", 91, 0, 401)},
			want:   []int32{0, 0},
		}, {
			name:   "a node port goes to one port only",
			before: []corev1.ServicePort{port("http", 82, 30033, 300)},
			after:  []corev1.ServicePort{port("web", 83, 0, 300), port("www", 84, 0, 300)},
			want:   []int32{30033, 0},
		}, {
			name:   "one that the manifest gives stands",
			before: []corev1.ServicePort{port("http", 82, 30033, 300)},
			after:  []corev1.ServicePort{port("web", 83, 30055, 300)},
			want:   []int32{30055},
		}, {
			name:   "none comes from a port of another protocol",
			before: []corev1.ServicePort{port("http", 82, 30033, 300)},
			after:  []corev1.ServicePort{udp(port("dns", 83, 0, 300))},
			want:   []int32{0},
		}, {
			name:   "nor from one that had none",
			before: []corev1.ServicePort{port("http", 82, 0, 300)},
			after:  []corev1.ServicePort{port("web", 83, 0, 300)},
			want:   []int32{0},
		}, {
			name:  "a service that is new has nothing to keep",
			after: []corev1.ServicePort{port("web", 83, 0, 300)},
			want:  []int32{0},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := &application{wanted: service(ports(test.after...))}
			if test.before != nil {
				a.before = service(ports(test.before...))
			}
			var err error
			a.manifest, err = json.Marshal(a.wanted)
			checkError(t, err, "")
			checkError(t, a.keepNodePorts(), "")
			if diff := cmp.Diff(test.want, nodePorts(a.wanted)); diff != "" {
				t.Errorf("wanted (-want +got):\n%s", diff)
			}
			var sent corev1.Service
			checkError(t, json.Unmarshal(a.manifest, &sent), "")
			if diff := cmp.Diff(test.want, nodePorts(&sent)); diff != "" {
				t.Errorf("manifest (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKeepNodePortsLeavesTheRestOfTheManifest(t *testing.T) {
	a := &application{
		before:   service(),
		wanted:   service(ports(port("web", 83, 0, 300))),
		manifest: []byte(`{"kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"name":"web","port":83,"targetPort":300}]}}`),
	}
	checkError(t, a.keepNodePorts(), "")
	const want = `{"kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"name":"web","nodePort":30033,"port":83,"targetPort":300}]}}`
	if diff := cmp.Diff(want, string(a.manifest)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWithoutInventions(t *testing.T) {
	address := func(ip string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.ClusterIPs = ip, []string{ip} }
	}
	health := func(nodePort int32) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.HealthCheckNodePort = nodePort }
	}
	invented := ports(port("http", 82, 32769, 300), port("db", 90, 30044, 400))
	for _, test := range []struct {
		name                  string
		before, wanted, after *corev1.Service
		nodePorts             []int32
		ip                    string
		health                int32
	}{
		{
			name:   "the node ports and the cluster IP of a new service, but not those that it asks for",
			wanted: service(ports(port("http", 82, 0, 300), port("db", 90, 30044, 400))),
			after:  service(invented, address("10.3.0.99"), health(32770)), nodePorts: []int32{0, 30044},
		}, {
			name:   "a cluster IP that the manifest gives is none",
			wanted: service(ports(port("http", 82, 30033, 300)), address("10.3.11.5")),
			after:  service(address("10.3.11.5")), nodePorts: []int32{30033}, ip: "10.3.11.5",
		}, {
			name:   "nor are the node ports and the cluster IP that the service has",
			before: service(address("10.3.11.5"), health(30099)), wanted: service(ports(port("http", 82, 0, 300))),
			after: service(address("10.3.11.5"), health(30099)), nodePorts: []int32{30033}, ip: "10.3.11.5", health: 30099,
		}, {
			name:   "but one that is made up for a new port is",
			before: service(address("10.3.11.5"), ports(port("db", 90, 30044, 400))), wanted: service(ports(port("http", 82, 0, 300), port("db", 90, 0, 400))),
			after: service(invented, address("10.3.11.5")), nodePorts: []int32{0, 30044}, ip: "10.3.11.5",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := cluster.WithoutInventions(test.after, test.wanted, test.before)
			if diff := cmp.Diff(test.nodePorts, nodePorts(got)); diff != "" {
				t.Errorf("node ports (-want +got):\n%s", diff)
			}
			if got.Spec.ClusterIP != test.ip || got.Spec.HealthCheckNodePort != test.health {
				t.Errorf("got cluster IP %q, health check node port %d", got.Spec.ClusterIP, got.Spec.HealthCheckNodePort)
			}
		})
	}
}

func TestOutcome(t *testing.T) {
	for _, test := range []struct {
		name          string
		before, after *corev1.Service
		want          string
	}{
		{"a new service", nil, service(), "created"},
		{"one that is as before", service(), service(func(s *corev1.Service) { s.ResourceVersion = "8" }), "unchanged"},
		{"one that changed", service(), service(ports(port("http", 82, 30034, 300))), "configured"},
		{"one of which a dry run on the client does not know", service(), nil, "configured"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := &application{before: test.before, after: test.after}
			if got := a.outcome(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
