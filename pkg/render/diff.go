package render

import (
	"io"
	"reflect"

	"github.com/rogpeppe/go-internal/diff"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// Diff writes what changes from one state of a service to the next, as a
// unified diff of its YAML. Before is nil for a service that is created. What
// the API server keeps account of by itself is left out; no change writes nothing.
func Diff(w io.Writer, before, after *corev1.Service) error {
	from, err := comparable(before)
	if err != nil {
		return err
	}
	to, err := comparable(after)
	if err != nil {
		return err
	}
	name := "service/" + Safe(after.Name)
	_, err = io.WriteString(w, SafeLines(string(diff.Diff(name+" (now)", from, name+" (applied)", to))))
	return err
}

// SameService tells whether two states of a service differ in nothing that
// Diff would show.
func SameService(a, b *corev1.Service) bool { return reflect.DeepEqual(bare(a), bare(b)) }

// comparable writes a service as YAML; nil is the empty file.
func comparable(service *corev1.Service) ([]byte, error) {
	if service == nil {
		return nil, nil
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(bare(service))
	if err != nil {
		return nil, err
	}
	delete(object, "status")
	return yaml.Marshal(object)
}

// bare is a service without what changes by itself.
func bare(service *corev1.Service) *corev1.Service {
	bare := service.DeepCopy()
	bare.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}
	bare.ManagedFields = nil
	bare.ResourceVersion = ""
	bare.Generation = 0
	bare.UID = ""
	bare.CreationTimestamp = metav1.Time{}
	bare.Status = corev1.ServiceStatus{}
	return bare
}
