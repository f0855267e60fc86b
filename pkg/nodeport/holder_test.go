package nodeport

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// service is shop/web of type NodePort with port http at 30033.
func service(change func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Spec: corev1.ServiceSpec{
			Type:  corev1.ServiceTypeNodePort,
			Ports: []corev1.ServicePort{{Name: "http", Protocol: corev1.ProtocolTCP, Port: 82, NodePort: 30033}},
		},
	}
	change(s)
	return s
}

func TestHolders(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*corev1.Service)
		want   map[int32][]string
	}{
		{
			name:   "a NodePort service holds its node ports",
			change: func(*corev1.Service) {},
			want:   map[int32][]string{30033: {"shop/web, port http"}},
		}, {
			name: "a port without a name is named by its number",
			change: func(s *corev1.Service) {
				s.Spec.Ports[0].Name, s.Spec.Ports[0].Protocol = "", ""
			},
			want: map[int32][]string{30033: {"shop/web, port 82"}},
		}, {
			name: "one node port for two protocols is held twice",
			change: func(s *corev1.Service) {
				s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "h3", Protocol: corev1.ProtocolUDP, Port: 82, NodePort: 30033})
			},
			want: map[int32][]string{30033: {"shop/web, port http", "shop/web, port h3"}},
		}, {
			name:   "a LoadBalancer service holds node ports as well",
			change: func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeLoadBalancer },
			want:   map[int32][]string{30033: {"shop/web, port http"}},
		}, {
			name: "and a health check node port when its traffic is local",
			change: func(s *corev1.Service) {
				s.Spec.Type = corev1.ServiceTypeLoadBalancer
				s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
				s.Spec.HealthCheckNodePort = 30044
			},
			want: map[int32][]string{30033: {"shop/web, port http"}, 30044: {"shop/web, health check"}},
		}, {
			name: "but not otherwise",
			change: func(s *corev1.Service) {
				s.Spec.Type = corev1.ServiceTypeLoadBalancer
				s.Spec.HealthCheckNodePort = 30044
			},
			want: map[int32][]string{30033: {"shop/web, port http"}},
		}, {
			name:   "a port that the API server is to choose is not held yet",
			change: func(s *corev1.Service) { s.Spec.Ports[0].NodePort = 0 },
			want:   map[int32][]string{},
		}, {
			name:   "a node port on an ExternalName service is never allocated",
			change: func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeExternalName },
			want:   map[int32][]string{},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := map[int32][]string{}
			for port, holders := range Holders([]*corev1.Service{service(test.change)}) {
				for _, holder := range holders {
					got[port] = append(got[port], holder.String())
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("holders (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHolderKnowsProtocolAndUse(t *testing.T) {
	got := Holders([]*corev1.Service{service(func(s *corev1.Service) { s.Spec.Ports[0].Protocol = "" })})[30033]
	want := []Holder{{Namespace: "shop", Name: "web", Port: "http", Protocol: corev1.ProtocolTCP, Use: NodePort, Field: "spec.ports[0].nodePort"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("holders (-want +got):\n%s", diff)
	}
	if NodePort.String() != "node port" || HealthCheck.String() != "health check" {
		t.Errorf("uses are called %q and %q", NodePort, HealthCheck)
	}
}
