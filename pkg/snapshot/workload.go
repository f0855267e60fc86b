package snapshot

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Workload holds what a Deployment, StatefulSet, DaemonSet, ReplicaSet,
// ReplicationController and Job have in common: a selector and a pod template.
// A Job's selector is nil until the API server has generated it.
type Workload struct {
	Ref
	Labels   map[string]string
	Selector *metav1.LabelSelector
	Template corev1.PodTemplateSpec
	// Replicas is the desired number of pods; 1 where the object does not say.
	// A DaemonSet has PerNode.
	Replicas int32
	// Controller is the workload that controls this one, such as the Deployment
	// of a ReplicaSet; nil if there is none.
	Controller *metav1.OwnerReference
}

// PerNode is the number of replicas of a DaemonSet: one pod on every node.
const PerNode int32 = -1

// WorkloadOf converts an object of one of the kinds of a Workload. ok is false
// for any other object.
func WorkloadOf(object runtime.Object) (workload *Workload, ok bool) {
	switch o := object.(type) {
	case *appsv1.Deployment:
		return newWorkload("Deployment", o, o.Spec.Selector, &o.Spec.Template, o.Spec.Replicas), true
	case *appsv1.StatefulSet:
		return newWorkload("StatefulSet", o, o.Spec.Selector, &o.Spec.Template, o.Spec.Replicas), true
	case *appsv1.ReplicaSet:
		return newWorkload("ReplicaSet", o, o.Spec.Selector, &o.Spec.Template, o.Spec.Replicas), true
	case *appsv1.DaemonSet:
		perNode := PerNode
		return newWorkload("DaemonSet", o, o.Spec.Selector, &o.Spec.Template, &perNode), true
	case *batchv1.Job:
		return newWorkload("Job", o, o.Spec.Selector, &o.Spec.Template, o.Spec.Parallelism), true
	case *corev1.ReplicationController:
		return replicationController(o), true
	}
	return nil, false
}

func newWorkload(kind string, object metav1.Object, selector *metav1.LabelSelector,
	template *corev1.PodTemplateSpec, replicas *int32) *Workload {
	workload := &Workload{
		Ref:        RefOf(kind, object),
		Labels:     object.GetLabels(),
		Selector:   selector,
		Replicas:   1,
		Controller: metav1.GetControllerOf(object),
	}
	if template != nil {
		workload.Template = *template
	}
	if replicas != nil {
		workload.Replicas = *replicas
	}
	return workload
}

// replicationController converts the oldest kind of workload, whose selector is
// a plain map that defaults to the template's labels
// (k8s.io/kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_ReplicationController).
func replicationController(o *corev1.ReplicationController) *Workload {
	labels := o.Spec.Selector
	if len(labels) == 0 && o.Spec.Template != nil {
		labels = o.Spec.Template.Labels
	}
	selector := &metav1.LabelSelector{MatchLabels: labels}
	return newWorkload("ReplicationController", o, selector, o.Spec.Template, o.Spec.Replicas)
}
