package check

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestRun(t *testing.T) {
	internal := ofType("ClusterIP", func(s *corev1.Service) { s.Spec.Ports[0].NodePort = 0 })
	broken := ofType("ClusterIP", func(s *corev1.Service) { s.Spec.Ports[0].NodePort, s.Spec.Ports[0].Port = 0, 0 })
	elsewhere := service(func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "other"} })
	for _, test := range []struct {
		name string
		in   Input
		want []string
	}{
		{"a healthy service", Input{Services: []*corev1.Service{service()}}, nil},
		{"a service without node ports", Input{Services: []*corev1.Service{internal}}, nil},
		{"one that was asked for by name", Input{Services: []*corev1.Service{internal}, Named: true}, []string{"error NP106"}},
		{"one that the API server refuses", Input{Services: []*corev1.Service{broken}}, []string{"error NP004"}},
		{"the worst comes first", Input{
			Snapshot: cluster(around(node("n2", down))...), Services: []*corev1.Service{at(31000), elsewhere},
		}, []string{"error NP201", "warning NP404", "info NP104"}},
		{"a service whose pods are not in the files", Input{
			Snapshot: cluster(), Services: []*corev1.Service{service()}, Partial: true,
		}, []string{"info NP201"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.in.Snapshot == nil {
				test.in.Snapshot = cluster(around()...)
			}
			var got []string
			for _, finding := range Run(test.in) {
				got = append(got, finding.Severity.String()+" "+finding.ID)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
