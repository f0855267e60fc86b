package local

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// object is one of any kind.
type object interface {
	metav1.Object
	runtime.Object
}

// objectsOf are the objects of a cluster by their kinds: those of the snapshot,
// and the workloads as they were written.
func objectsOf(s *snapshot.Snapshot, set *manifest.Set, namespace string) map[string][]object {
	objects := map[string][]object{}
	addAll(objects, "Service", s.Services)
	addAll(objects, "Pod", s.Pods)
	addAll(objects, "Node", s.Nodes)
	addAll(objects, "EndpointSlice", s.Slices)
	addAll(objects, "NetworkPolicy", s.Policies)
	for _, written := range set.Objects {
		if _, ok := snapshot.WorkloadOf(written.Object); ok {
			o := written.Object.DeepCopyObject().(object)
			o.SetNamespace(written.In(namespace).Namespace)
			addAll(objects, written.Kind, []object{o})
		}
	}
	return objects
}

func addAll[T object](objects map[string][]object, kind string, all []T) {
	for _, o := range all {
		o.SetUID(uidOf(snapshot.RefOf(kind, o)))
		objects[kind] = append(objects[kind], o)
	}
}

// uidOf is the same for the same object in every state.
func uidOf(ref snapshot.Ref) types.UID {
	sum := sha256.Sum256([]byte(ref.Kind + "/" + ref.Namespace + "/" + ref.Name))
	return types.UID(fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]))
}

// version is the state's resourceVersion, which is that of all its objects.
func (s *state) version() string { return strconv.FormatInt(s.number, 10) }

// written is an object as the API writes it.
func (s *state) written(o object, k kind) object {
	copied := o.DeepCopyObject().(object)
	copied.GetObjectKind().SetGroupVersionKind(k.GroupVersionKind)
	copied.SetResourceVersion(s.version())
	return copied
}

// selection is which objects a request is about.
type selection struct {
	kind      kind
	namespace string
	labels    labels.Selector
	fields    fields.Selector
}

func newSelection(k kind, r *http.Request) (*selection, error) {
	query := r.URL.Query()
	byLabels, err := labels.Parse(query.Get("labelSelector"))
	if err != nil {
		return nil, err
	}
	byFields, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		return nil, err
	}
	return &selection{k, r.PathValue("namespace"), byLabels, byFields}, nil
}

func (s *selection) of(now *state) []object {
	var selected []object
	for _, o := range now.objects[s.kind.Kind] {
		if s.takes(o) {
			selected = append(selected, o)
		}
	}
	return selected
}

func (s *selection) takes(o object) bool {
	set := fields.Set{"metadata.name": o.GetName(), "metadata.namespace": o.GetNamespace()}
	switch o := o.(type) {
	case *corev1.Service:
		set["spec.type"] = string(o.Spec.Type)
	case *corev1.Pod:
		set["spec.nodeName"], set["status.phase"] = o.Spec.NodeName, string(o.Status.Phase)
	}
	return (s.namespace == "" || s.namespace == o.GetNamespace()) &&
		s.labels.Matches(labels.Set(o.GetLabels())) && s.fields.Matches(set)
}
