package route

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestWhichPortsHaveANodePort(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*corev1.Service)
		want   []uint16
	}{
		{name: "that of a NodePort service", want: []uint16{30033}},
		{
			name:   "one that the API server is still to choose",
			change: func(s *corev1.Service) { s.Spec.Ports[0].NodePort = 0 },
			want:   []uint16{0},
		}, {
			name:   "that of a LoadBalancer service",
			change: func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeLoadBalancer },
			want:   []uint16{30033},
		}, {
			name: "only the given ones of a LoadBalancer service that allocates none",
			change: func(s *corev1.Service) {
				s.Spec.Type = corev1.ServiceTypeLoadBalancer
				s.Spec.AllocateLoadBalancerNodePorts = new(false)
				s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "admin", Port: 83})
			},
			want: []uint16{30033},
		}, {
			name: "none of a LoadBalancer service without any",
			change: func(s *corev1.Service) {
				s.Spec.Type = corev1.ServiceTypeLoadBalancer
				s.Spec.Ports[0].NodePort = 0
			},
		},
		{name: "none of a ClusterIP service", change: func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP }},
		{name: "none of an ExternalName service", change: func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeExternalName }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := service()
			if test.change != nil {
				test.change(s)
			}
			var got []uint16
			for _, service := range tableOf(s).Services {
				if len(service.Ports) == 0 {
					t.Errorf("service %s is listed without a port", service.Name)
				}
				for _, port := range service.Ports {
					got = append(got, port.NodePort)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAffinity(t *testing.T) {
	clientIP := func(config *corev1.SessionAffinityConfig) func(*corev1.Service) {
		return func(s *corev1.Service) {
			s.Spec.SessionAffinity, s.Spec.SessionAffinityConfig = corev1.ServiceAffinityClientIP, config
		}
	}
	for _, test := range []struct {
		name   string
		change func(*corev1.Service)
		want   time.Duration
	}{
		{name: "none is the default", change: func(*corev1.Service) {}},
		{name: "None", change: func(s *corev1.Service) { s.Spec.SessionAffinity = corev1.ServiceAffinityNone }},
		{name: "ClientIP lasts three hours", change: clientIP(nil), want: 3 * time.Hour},
		{name: "also with an empty config", change: clientIP(&corev1.SessionAffinityConfig{}), want: 3 * time.Hour},
		{name: "or without a timeout in it", change: clientIP(&corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{}}), want: 3 * time.Hour},
		{
			name:   "or as long as it says",
			change: clientIP(&corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: new(int32(90))}}),
			want:   90 * time.Second,
		}, {
			name: "a timeout without ClientIP is none",
			change: func(s *corev1.Service) {
				clientIP(&corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: new(int32(90))}})(s)
				s.Spec.SessionAffinity = corev1.ServiceAffinityNone
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, _ := only(t, tableOf(service(test.change)))
			if got.Affinity != test.want {
				t.Errorf("got %s, want %s", got.Affinity, test.want)
			}
		})
	}
}

func TestServiceOfTheTable(t *testing.T) {
	s := service(externalLocal, internalLocalPolicy, clusterIPsOf("10.3.11.5", "fd00::5"), func(s *corev1.Service) {
		s.Spec.Type = corev1.ServiceTypeLoadBalancer
		s.Spec.HealthCheckNodePort = 30044
	})
	got, _ := only(t, tableOf(s))
	want := &Service{
		Namespace: "shop", Name: "web", Type: "LoadBalancer",
		ClusterIPs:    []netip.Addr{netip.MustParseAddr("10.3.11.5"), netip.MustParseAddr("fd00::5")},
		ExternalLocal: true, InternalLocal: true, HealthCheckNodePort: 30044,
		Ports: []Port{{Name: "http", Protocol: "TCP", NodePort: 30033, Port: 82, Target: "300", Scheme: "http", Endpoints: []Endpoint{}}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTargetOfAPort(t *testing.T) {
	for _, test := range []struct {
		name   string
		target intstr.IntOrString
		want   string
	}{
		{"a number", intstr.FromInt32(300), "300"},
		{"a name", intstr.FromString("http"), "http"},
		{"none is the service port itself", intstr.IntOrString{}, "82"},
		{"nor is the empty name one", intstr.FromString(""), "82"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, port := only(t, tableOf(service(func(s *corev1.Service) { s.Spec.Ports[0].TargetPort = test.target })))
			if port.Target != test.want {
				t.Errorf("got %q, want %q", port.Target, test.want)
			}
		})
	}
}

func TestTableIsSortedAndFindsItsServices(t *testing.T) {
	s := &snapshot.Snapshot{Nodes: []*corev1.Node{node("node-b", ""), node("node-a", "")}}
	for _, name := range [][2]string{{"shop", "web"}, {"bar", "zoo"}, {"shop", "api"}, {"bar", "web"}} {
		s.Services = append(s.Services, service(func(s *corev1.Service) { s.Namespace, s.Name = name[0], name[1] }))
	}
	table := New(s)
	var got []string
	for _, service := range table.Services {
		got = append(got, service.Namespace+"/"+service.Name)
		if found := table.Service(service.Namespace, service.Name); found == nil || found.Namespace != service.Namespace || found.Name != service.Name {
			t.Errorf("%s/%s: found %+v", service.Namespace, service.Name, found)
		}
	}
	for _, node := range table.Nodes {
		got = append(got, node.Name)
	}
	if diff := cmp.Diff([]string{"bar/web", "bar/zoo", "shop/api", "shop/web", "node-a", "node-b"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, name := range [][2]string{{"shop", "zoo"}, {"", "web"}, {"zzz", "web"}} {
		if found := table.Service(name[0], name[1]); found != nil {
			t.Errorf("%s/%s: found %+v", name[0], name[1], found)
		}
	}
}

func TestTableOfNothing(t *testing.T) {
	if table := New(&snapshot.Snapshot{}); len(table.Services)+len(table.Nodes) != 0 || table.Service("shop", "web") != nil {
		t.Errorf("got %+v", table)
	}
}
