package cli

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// service is shop/web of type NodePort: 30033 → 82 → 300.
func service(changes ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Spec: corev1.ServiceSpec{
			Type:  corev1.ServiceTypeNodePort,
			Ports: []corev1.ServicePort{port("http", 82, 30033, 300)},
		},
	}
	for _, change := range changes {
		change(s)
	}
	return s
}

func port(name string, number, nodePort, target int32) corev1.ServicePort {
	return corev1.ServicePort{Name: name, Port: number, NodePort: nodePort, TargetPort: intstr.FromInt32(target)}
}

// ports replaces a service's ports.
func ports(ports ...corev1.ServicePort) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Spec.Ports = ports }
}

func named(name string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Name = name }
}

func nodePorts(s *corev1.Service) []int32 {
	var numbers []int32
	for _, port := range s.Spec.Ports {
		numbers = append(numbers, port.NodePort)
	}
	return numbers
}

// testFactory writes what it says into said.
func testFactory() (f *factory, said *bytes.Buffer) {
	said = &bytes.Buffer{}
	return newFactory(genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &bytes.Buffer{}, ErrOut: said}), said
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}
