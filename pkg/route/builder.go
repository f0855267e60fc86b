package route

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Builder builds the tables of snapshots that follow each other, as those of a
// watch do. A service whose objects are those of the snapshot before, in the
// same memory, is not read again, and its endpoints stay in the same memory: a
// change costs what changed. Objects and tables are not to be changed
// afterwards. The zero value is ready.
type Builder struct {
	services map[snapshot.Ref]builtService
}

// builtService is a service as it was read, and of what.
type builtService struct {
	object  *corev1.Service
	slices  []*discoveryv1.EndpointSlice
	service Service
}

// Table builds the table of a snapshot: its nodes, and its services of type
// NodePort and LoadBalancer that have node ports or will be given some.
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

// sameObjects compares two lists of the few slices of a service, whose order
// means nothing.
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
