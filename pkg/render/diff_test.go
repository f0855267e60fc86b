package render

import (
	"bytes"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// object is service shop/web as the API server returns it.
func object(changes ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web", UID: "1234", ResourceVersion: "7", Generation: 2,
			CreationTimestamp: metav1.NewTime(time.Unix(1_700_000_000, 0)),
			ManagedFields:     []metav1.ManagedFieldsEntry{{Manager: "kubectl"}},
		},
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeNodePort,
			Selector: map[string]string{"app": "web"},
			Ports:    []corev1.ServicePort{{Name: "http", Port: 82, NodePort: 30033, TargetPort: intstr.FromInt32(300)}},
		},
		Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}}}},
	}
	for _, change := range changes {
		change(s)
	}
	return s
}

// bookkeeping changes what the API server changes by itself.
func bookkeeping(s *corev1.Service) {
	s.UID, s.ResourceVersion, s.Generation = "5678", "8", 3
	s.CreationTimestamp = metav1.NewTime(time.Unix(1_800_000_000, 0))
	s.ManagedFields = nil
	s.Status = corev1.ServiceStatus{}
	s.TypeMeta = metav1.TypeMeta{Kind: "Service", APIVersion: "v1"}
}

func TestDiff(t *testing.T) {
	for _, test := range []struct {
		golden        string
		before, after *corev1.Service
	}{
		{"new", nil, object()},
		{"changed", object(), object(bookkeeping, func(s *corev1.Service) {
			s.Labels = map[string]string{"team": "a"}
			s.Spec.Ports[0].NodePort = 30034
		})},
		{"unchanged", object(), object(bookkeeping)},
		{"control-characters", object(), object(func(s *corev1.Service) {
			s.Name = "we\x1b[2Jb"
			s.Annotations = map[string]string{"note": "a\x1b[31mred\ttab\nline \u202e"}
		})},
	} {
		t.Run(test.golden, func(t *testing.T) {
			var out bytes.Buffer
			checkError(t, Diff(&out, test.before, test.after))
			golden(t, "diff/"+test.golden+".txt", out.String())
		})
	}
}

func TestSameService(t *testing.T) {
	if !SameService(object(), object(bookkeeping)) {
		t.Error("what the API server keeps account of makes a difference")
	}
	for name, change := range map[string]func(*corev1.Service){
		"a node port":   func(s *corev1.Service) { s.Spec.Ports[0].NodePort++ },
		"a label":       func(s *corev1.Service) { s.Labels = map[string]string{"a": "b"} },
		"an annotation": func(s *corev1.Service) { s.Annotations = map[string]string{"a": "b"} },
		"a selector":    func(s *corev1.Service) { s.Spec.Selector["app"] = "api" },
	} {
		if SameService(object(), object(change)) {
			t.Errorf("%s makes no difference", name)
		}
	}
}

func TestDiffChangesNoService(t *testing.T) {
	before, after := object(), object(bookkeeping)
	checkError(t, Diff(&bytes.Buffer{}, before, after))
	if before.UID != "1234" || len(before.ManagedFields) != 1 || len(before.Status.LoadBalancer.Ingress) != 1 {
		t.Errorf("got %+v", before)
	}
}
