package manifest

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// podLimit is how many pods are made up in all; a manifest may ask for two
// billion replicas.
const podLimit = 20000

// expand adds the pods that the controllers of the workloads would create, and
// lets all pods run that have no status yet.
func (b *builder) expand() {
	scheduler := newScheduler(b.snapshot, b.families, b.ready)
	for _, pod := range b.snapshot.Pods {
		defaultPod(&pod.Spec)
		if apiequality.Semantic.DeepEqual(pod.Status, corev1.PodStatus{}) {
			scheduler.run(pod)
		}
	}
	owners := b.ownersOfPods()
	for _, w := range b.workloads {
		defaultPod(&w.Template.Spec)
		if owners[w.Ref] || b.isMadeByAnother(w) {
			continue
		}
		b.expandWorkload(w, scheduler)
	}
}

// ownersOfPods are the workloads that have pods in the set, which then is of a
// live cluster, at every level: the ReplicaSet and its Deployment.
func (b *builder) ownersOfPods() map[snapshot.Ref]bool {
	owners := make(map[snapshot.Ref]bool)
	for _, pod := range b.snapshot.Pods {
		controller := metav1.GetControllerOf(pod)
		if controller == nil {
			continue
		}
		owners[snapshot.Ref{Kind: controller.Kind, Namespace: pod.Namespace, Name: controller.Name}] = true
		// A dump may lack the ReplicaSets; their names tell the Deployment.
		suffix := "-" + pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
		if name, ok := strings.CutSuffix(controller.Name, suffix); ok && controller.Kind == "ReplicaSet" {
			owners[snapshot.Ref{Kind: "Deployment", Namespace: pod.Namespace, Name: name}] = true
		}
	}
	for _, w := range b.workloads {
		if w.Controller != nil && owners[w.Ref] {
			owners[snapshot.Ref{Kind: w.Controller.Kind, Namespace: w.Namespace, Name: w.Controller.Name}] = true
		}
	}
	return owners
}

// isMadeByAnother tells a workload whose own controller is in the set: the
// pods are counted there.
func (b *builder) isMadeByAnother(w workload) bool {
	if w.Controller == nil {
		return false
	}
	_, ok := b.origins[snapshot.Ref{Kind: w.Controller.Kind, Namespace: w.Namespace, Name: w.Controller.Name}]
	return ok
}

func (b *builder) expandWorkload(w workload, scheduler *scheduler) {
	if w.Replicas == snapshot.PerNode && len(b.snapshot.Nodes) > 0 {
		for _, node := range b.snapshot.Nodes {
			pod := w.pod(node.Name)
			if !b.roomFor(w) {
				return
			}
			if scheduler.runOn(pod, node) {
				b.addPod(pod, w)
			}
		}
		return
	}
	first, count := w.ordinals()
	for i := range count {
		if !b.roomFor(w) {
			return
		}
		pod := w.pod(strconv.Itoa(first + i))
		scheduler.run(pod)
		b.addPod(pod, w)
	}
}

// roomFor notes a gap in the snapshot once the limit is reached.
func (b *builder) roomFor(w workload) bool {
	b.made++
	if b.made == podLimit+1 {
		b.snapshot.Gaps = append(b.snapshot.Gaps, snapshot.Gap{Resource: "pods", Err: fmt.Errorf(
			"the manifests ask for more than %d pods; those of %s from there on are left out", podLimit, w.Ref)})
	}
	return b.made <= podLimit
}

func (b *builder) addPod(pod *corev1.Pod, w workload) {
	b.snapshot.Pods = append(b.snapshot.Pods, pod)
	b.origins[snapshot.RefOf("Pod", pod)] = origin{w.from, "spec.template"}
}

// ordinals is the number of the first pod and how many there are. Controllers
// other than that of StatefulSets name pods at random; here they count from 1.
func (w workload) ordinals() (first, count int) {
	count = max(int(w.Replicas), 0)
	switch o := w.object.(type) {
	case *appsv1.StatefulSet:
		if o.Spec.Ordinals != nil {
			return int(o.Spec.Ordinals.Start), count
		}
		return 0, count
	case *appsv1.DaemonSet:
		return 1, 1
	case *batchv1.Job:
		if o.Spec.Suspend != nil && *o.Spec.Suspend {
			return 1, 0
		}
		if o.Spec.Completions != nil {
			count = min(count, max(int(*o.Spec.Completions), 0))
		}
	}
	return 1, count
}

// pod is one pod of the workload, as its controller creates it. Labels whose
// values a controller computes, such as pod-template-hash, are left out; those
// that tell the pods of a StatefulSet and a Job are what services select.
func (w workload) pod(suffix string) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:            w.Name + "-" + suffix,
			Namespace:       w.Namespace,
			Labels:          maps.Clone(w.Template.Labels),
			Annotations:     maps.Clone(w.Template.Annotations),
			OwnerReferences: []metav1.OwnerReference{w.controllerReference()},
		},
		Spec: *w.Template.Spec.DeepCopy(),
	}
	if pod.Labels == nil {
		pod.Labels = make(map[string]string)
	}
	switch w.Kind {
	case "StatefulSet":
		pod.Labels[appsv1.StatefulSetPodNameLabel] = pod.Name
		pod.Labels[appsv1.PodIndexLabel] = suffix
	case "Job":
		pod.Labels[batchv1.JobNameLabel] = w.Name
		pod.Labels["job-name"] = w.Name
	}
	return pod
}

func (w workload) controllerReference() metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion:         w.from.APIVersion,
		Kind:               w.Kind,
		Name:               w.Name,
		Controller:         new(true),
		BlockOwnerDeletion: new(true),
	}
}
