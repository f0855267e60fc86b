package local

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// addition is a service that was created or applied beside the manifests. It
// takes the place of one that they hold, until they say otherwise.
type addition struct {
	// service is the whole of it.
	service *corev1.Service
	// applied is what was last applied, as it was sent; nil for one that was
	// only created.
	applied map[string]any
}

// additions are the services beside the manifests as objects of a set.
func (c *Cluster) additions() []*manifest.Object {
	var objects []*manifest.Object
	for _, ref := range c.sortedAdditions() {
		objects = append(objects, serviceObject(c.added[ref].service))
	}
	return objects
}

func (c *Cluster) sortedAdditions() []snapshot.Ref {
	return slices.SortedFunc(maps.Keys(c.added), func(a, b snapshot.Ref) int { return strings.Compare(a.String(), b.String()) })
}

func serviceObject(service *corev1.Service) *manifest.Object {
	return &manifest.Object{Ref: snapshot.RefOf("Service", service), APIVersion: "v1", Object: service}
}

// Added returns the services that were created or applied beside the manifests,
// sorted.
func (c *Cluster) Added() []*corev1.Service {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.copiesOfAdditions()
}

func (c *Cluster) copiesOfAdditions() []*corev1.Service {
	var services []*corev1.Service
	for _, ref := range c.sortedAdditions() {
		services = append(services, c.added[ref].service.DeepCopy())
	}
	return services
}

// save has the services beside the manifests kept. One that cannot be kept is
// served all the same.
func (c *Cluster) save() {
	if c.options.Save == nil {
		return
	}
	if err := c.options.Save(c.copiesOfAdditions()); err != nil {
		c.tell(Event{Kind: SaveFailed, Message: err.Error()})
	}
}

// add has a service beside the manifests from now on.
func (c *Cluster) add(a *addition) {
	ref := snapshot.RefOf("Service", a.service)
	written := slices.ContainsFunc(c.manifests.Objects, func(o *manifest.Object) bool { return o.In(c.options.Namespace) == ref })
	if written && c.added[ref] == nil {
		c.tell(Event{Kind: ServiceOverridden, Object: ref})
	}
	c.added[ref] = a
	c.save()
}

// supersede drops the services beside the manifests that an edit changes: the
// latest change wins.
func (c *Cluster) supersede(set *manifest.Set) {
	before, count := map[snapshot.Ref][]byte{}, len(c.added)
	for _, object := range c.manifests.Objects {
		before[object.In(c.options.Namespace)] = object.JSON
	}
	for _, object := range set.Objects {
		ref := object.In(c.options.Namespace)
		if c.added[ref] != nil && !bytes.Equal(before[ref], object.JSON) {
			delete(c.added, ref)
			c.tell(Event{Kind: ServiceRestored, Object: ref})
		}
	}
	if len(c.added) < count {
		c.save()
	}
}
