package manifest

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Defaults is what a cluster would give to objects that do not say it.
type Defaults struct {
	// Namespace is that of objects that name none; empty is "default".
	Namespace string
	// NodePorts is the range from which node ports are chosen; zero is the
	// default range.
	NodePorts nodeport.Range
	// Ready tells whether a pod that was let run is ready; nil for all of them.
	// One on a node that is not ready never is.
	Ready func(*corev1.Pod) bool
}

// Snapshot returns the cluster that the manifests would become: fields are
// filled as the API server fills them, workloads have the pods that their
// controllers would create, running and ready on the nodes of the set, and
// services have their EndpointSlices. What manifests hold of a live cluster,
// such as pods with a status or EndpointSlices, is kept as it is.
//
// What a real cluster chooses at random, such as node ports that are not given,
// is chosen the same for the same manifests; it is an example only, and
// [Assumed] names it. The set is not changed.
func (s *Set) Snapshot(defaults Defaults) (*snapshot.Snapshot, *Assumed) {
	if defaults.Namespace == "" {
		defaults.Namespace = metav1.NamespaceDefault
	}
	b := &builder{
		snapshot: &snapshot.Snapshot{NodePorts: defaults.NodePorts.OrDefault()},
		assumed:  &Assumed{fields: make(map[assumption]bool)},
		origins:  make(origins),
		ready:    defaults.Ready,
	}
	for _, object := range s.typed(defaults.Namespace) {
		if !isHelmTest(object.Object) {
			b.add(object, defaults.Namespace)
		}
	}
	b.addMakers(s.Objects, defaults.Namespace)
	b.snapshot.Replaced = servicesOf(s.before(), defaults.Namespace)
	b.fillServices()
	b.expand()
	b.buildSlices()
	b.snapshot.Positions = b.origins
	return b.snapshot, b.assumed
}

// Services returns the services as written, without defaults, but for their
// namespace.
func (s *Set) Services(namespace string) []*corev1.Service {
	return servicesOf(s.typed(namespace), namespace)
}

func servicesOf(objects []*Object, namespace string) []*corev1.Service {
	var services []*corev1.Service
	for _, object := range objects {
		if service, ok := object.Object.(*corev1.Service); ok {
			service = service.DeepCopy()
			service.Namespace = object.In(namespace).Namespace
			services = append(services, service)
		}
	}
	return services
}

// Assumed names what a snapshot had to choose because no manifest gives it.
// A real cluster would choose otherwise.
type Assumed struct{ fields map[assumption]bool }

type assumption struct {
	service snapshot.Ref
	field   string
}

// NodePort tells whether the node port of a service's port, which is named as
// in the service, was chosen here.
func (a *Assumed) NodePort(service snapshot.Ref, port string) bool {
	return a.fields[assumption{service, "spec.ports[" + port + "].nodePort"}]
}

func (a *Assumed) add(service *corev1.Service, field string) {
	a.fields[assumption{snapshot.RefOf("Service", service), field}] = true
}

// builder makes a snapshot step by step.
type builder struct {
	snapshot  *snapshot.Snapshot
	assumed   *Assumed
	origins   origins
	workloads []workload
	endpoints []*corev1.Endpoints //nolint:staticcheck // see known
	// families are the cluster's IP families, the first its main one.
	families []corev1.IPFamily
	// generated counts the objects that leave their name to the API server.
	generated int
	// made counts the pods that the manifests do not hold.
	made int
	// ready tells which pods are; nil for all.
	ready func(*corev1.Pod) bool
}

// workload is a workload with the object that it was read from.
type workload struct {
	*snapshot.Workload
	object runtime.Object
	from   *Object
}

// In names the object with the namespace that it gets where it gives none.
func (o *Object) In(namespace string) snapshot.Ref {
	ref := o.Ref
	if ref.Namespace == "" && !isClusterScoped(ref.Kind) {
		ref.Namespace = namespace
	}
	return ref
}

// typed returns the objects of known kinds. Of two that are the same object
// once the namespace is filled, the last counts, as in [Read].
func (s *Set) typed(namespace string) []*Object {
	last := make(map[snapshot.Ref]*Object, len(s.Objects))
	for _, object := range s.Objects {
		if object.Object != nil {
			last[object.In(namespace)] = object
		}
	}
	return slices.DeleteFunc(slices.Clone(s.Objects), func(object *Object) bool {
		return object.Object == nil || object.Name != "" && last[object.In(namespace)] != object
	})
}

// add puts a copy of an object into the list of its kind.
func (b *builder) add(object *Object, namespace string) {
	copied := object.Object.DeepCopyObject()
	meta := copied.(metav1.Object) // all known kinds have metadata
	meta.SetNamespace(object.In(namespace).Namespace)
	if meta.GetName() == "" {
		b.generated++
		meta.SetName(meta.GetGenerateName() + strconv.Itoa(b.generated))
	}
	b.origins[snapshot.RefOf(object.Kind, meta)] = origin{object: object}
	b.list(copied, object)
}

// list appends to the list of the object's kind.
func (b *builder) list(copied runtime.Object, object *Object) {
	switch o := copied.(type) {
	case *corev1.Service:
		b.snapshot.Services = append(b.snapshot.Services, o)
	case *corev1.Node:
		b.snapshot.Nodes = append(b.snapshot.Nodes, o)
	case *corev1.Pod:
		b.snapshot.Pods = append(b.snapshot.Pods, o)
	case *discoveryv1.EndpointSlice:
		defaultSlice(o)
		b.snapshot.Slices = append(b.snapshot.Slices, o)
	case *networkingv1.NetworkPolicy:
		b.snapshot.Policies = append(b.snapshot.Policies, o)
	case *corev1.Endpoints: //nolint:staticcheck // see known
		b.endpoints = append(b.endpoints, o)
	default:
		if w, ok := snapshot.WorkloadOf(copied); ok {
			b.workloads = append(b.workloads, workload{w, copied, object})
			b.snapshot.Workloads = append(b.snapshot.Workloads, w)
		}
	}
}

// origins finds the objects of a snapshot in the files that they come from.
type origins map[snapshot.Ref]origin

// origin is the object in a file from which one of the cluster is made, and
// the field that became it: a pod comes from the template of its workload.
type origin struct {
	object *Object
	field  string
}

// Locate implements [snapshot.Locator].
func (o origins) Locate(ref snapshot.Ref, field string) snapshot.Position {
	from, ok := o[ref]
	if !ok {
		return snapshot.Position{}
	}
	return from.object.Locate(strings.Trim(from.field+"."+field, "."))
}
