package route

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Builder builds the route tables of consecutive snapshots, such as those of a
// watch. A service whose objects are the same pointers as in the previous
// snapshot is not read again, and its endpoints keep their memory, so the cost
// depends on the change, not on the size of the cluster. Objects and tables must
// not be changed afterwards. The zero value is ready to use.
type Builder struct {
	services map[snapshot.Ref]builtService
}

// builtService is a service of the previous table with the objects that it was
// built from.
type builtService struct {
	object  *corev1.Service
	slices  []*discoveryv1.EndpointSlice
	service Service
}

// Table returns the route table of a snapshot, as New does.
func (b *Builder) Table(s *snapshot.Snapshot) *Table {
	table := &Table{EndpointsUnknown: !s.Knows("endpointslices")}
	for _, node := range s.Nodes {
		table.Nodes = append(table.Nodes, newNode(node))
	}
	slices.SortFunc(table.Nodes, func(a, b Node) int { return compareNames(a.Name, b.Name) })
	built := make(map[snapshot.Ref]builtService, len(s.Services))
	for _, object := range s.Services {
		ref, from := snapshot.RefOf("Service", object), s.SlicesOf(object.Namespace, object.Name)
		now, known := b.services[ref]
		if !known || now.object != object || !sameObjects(now.slices, from) {
			now = builtService{object, from, newService(object, from)}
		}
		built[ref] = now
		if len(now.service.Ports) > 0 {
			table.Services = append(table.Services, now.service)
		}
	}
	b.services = built
	slices.SortFunc(table.Services, compareServices)
	return table
}

// sameObjects reports whether two lists hold the same slices, in any order.
func sameObjects(a, b []*discoveryv1.EndpointSlice) bool {
	if len(a) != len(b) {
		return false
	}
	for _, slice := range a {
		if !slices.Contains(b, slice) {
			return false
		}
	}
	return true
}
