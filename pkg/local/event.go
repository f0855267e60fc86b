package local

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// EventKind says what happened.
type EventKind string

const (
	// Port is an event of the engine, which is in Event.Engine.
	Port EventKind = "port"
	// PodReady tells that traffic goes to a pod.
	PodReady EventKind = "pod-ready"
	// PodNotReady tells that traffic no longer goes to a pod.
	PodNotReady EventKind = "pod-not-ready"
	// PodWaiting tells that a pod which has something started for it is not ready
	// yet, and what is waited for.
	PodWaiting EventKind = "pod-waiting"
	// PodAdded tells that the manifests have a pod that they had not.
	PodAdded EventKind = "pod-added"
	// PodGone tells that the manifests no longer have a pod.
	PodGone EventKind = "pod-gone"
	// Log is a line that a command has written.
	Log EventKind = "log"
	// CommandStarted tells that a command stands for a pod from now on.
	CommandStarted EventKind = "command-started"
	// CommandEnded tells that a command has ended by itself, and how.
	CommandEnded EventKind = "command-ended"
	// ProbeSkipped tells of a readiness probe that is not made here.
	ProbeSkipped EventKind = "probe-skipped"
	// ServiceAdded tells of a new service with node ports.
	ServiceAdded EventKind = "service-added"
	// ServiceChanged tells that a service with node ports is another now,
	// whatever became of its endpoints.
	ServiceChanged EventKind = "service-changed"
	// ServiceOverridden tells that a service which was applied beside the
	// manifests takes the place of theirs.
	ServiceOverridden EventKind = "service-overridden"
	// ServiceRestored tells that a service is the manifests' again, which were
	// edited: what was applied beside them is gone.
	ServiceRestored EventKind = "service-restored"
	// SaveFailed reports that services which were created or applied beside the
	// manifests could not be saved.
	SaveFailed EventKind = "save-failed"
	// ServiceGone tells that a service has no node ports any more.
	ServiceGone EventKind = "service-gone"
)

// Event is something that happened in a cluster.
type Event struct {
	Kind EventKind
	// Object is the pod or the service.
	Object snapshot.Ref
	// Message says more, where there is more to say.
	Message string
	// Engine is the event of kind Port.
	Engine engine.Event
}

func (c *Cluster) tell(e Event) {
	if c.options.Events != nil {
		c.options.Events(e)
	}
}

func (c *Cluster) engineEvent(e engine.Event) {
	c.tell(Event{Kind: Port, Object: snapshot.Ref{Kind: "Service", Namespace: e.Way.Namespace, Name: e.Way.Service}, Engine: e})
}

// tellChanges tells what is other than before.
func (c *Cluster) tellChanges(before, after *state) {
	c.tellPods(before.snapshot, after)
	c.tellServices(before.table, after.table)
}

func (c *Cluster) tellPods(before *snapshot.Snapshot, now *state) {
	after := now.snapshot
	for _, pod := range after.Pods {
		old := before.Pod(pod.Namespace, pod.Name)
		ref := snapshot.RefOf("Pod", pod)
		if old == nil {
			c.tell(Event{Kind: PodAdded, Object: ref})
		}
		switch is, was := isReady(pod), old != nil && isReady(old); {
		case is && !was:
			c.tell(Event{Kind: PodReady, Object: ref})
		case was && !is:
			c.tell(Event{Kind: PodNotReady, Object: ref, Message: now.reasonOf(ref)})
		}
	}
	for _, pod := range before.Pods {
		if after.Pod(pod.Namespace, pod.Name) == nil {
			c.tell(Event{Kind: PodGone, Object: snapshot.RefOf("Pod", pod)})
		}
	}
}

// reasonOf is why a pod is not ready, as far as what stands for it tells.
func (s *state) reasonOf(pod snapshot.Ref) string {
	if stands := s.stands[pod]; stands != nil {
		return stands.reason()
	}
	return ""
}

func (c *Cluster) tellServices(before, after *route.Table) {
	for i := range after.Services {
		service := &after.Services[i]
		ref := snapshot.Ref{Kind: "Service", Namespace: service.Namespace, Name: service.Name}
		if old := before.Service(service.Namespace, service.Name); old == nil {
			c.tell(Event{Kind: ServiceAdded, Object: ref})
		} else if !reflect.DeepEqual(withoutEndpoints(old), withoutEndpoints(service)) {
			c.tell(Event{Kind: ServiceChanged, Object: ref})
		}
	}
	for i := range before.Services {
		service := &before.Services[i]
		if after.Service(service.Namespace, service.Name) == nil {
			c.tell(Event{Kind: ServiceGone, Object: snapshot.Ref{Kind: "Service", Namespace: service.Namespace, Name: service.Name}})
		}
	}
}

// withoutEndpoints is a service as its object says it: the endpoints follow
// from the pods.
func withoutEndpoints(service *route.Service) route.Service {
	copied := *service
	copied.Ports = nil
	for _, port := range service.Ports {
		port.Endpoints = nil
		copied.Ports = append(copied.Ports, port)
	}
	return copied
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
