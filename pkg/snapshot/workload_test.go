package snapshot

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestWorkloadOf(t *testing.T) {
	object := meta("shop", "web", tags{"team": "a"})
	selector := &metav1.LabelSelector{MatchLabels: tags{"app": "web"}}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: tags{"app": "web"}}}
	three, zero := new(int32(3)), new(int32(0))
	for _, test := range []struct {
		name     string
		object   runtime.Object
		kind     string
		replicas int32
	}{
		{
			"a Deployment", &appsv1.Deployment{ObjectMeta: object, Spec: appsv1.DeploymentSpec{Selector: selector, Template: template, Replicas: three}},
			"Deployment", 3,
		}, {
			"a Deployment that does not say how many", &appsv1.Deployment{ObjectMeta: object, Spec: appsv1.DeploymentSpec{Selector: selector, Template: template}},
			"Deployment", 1,
		}, {
			"a Deployment that is scaled down", &appsv1.Deployment{ObjectMeta: object, Spec: appsv1.DeploymentSpec{Selector: selector, Template: template, Replicas: zero}},
			"Deployment", 0,
		}, {
			"a StatefulSet", &appsv1.StatefulSet{ObjectMeta: object, Spec: appsv1.StatefulSetSpec{Selector: selector, Template: template, Replicas: three}},
			"StatefulSet", 3,
		}, {
			"a ReplicaSet", &appsv1.ReplicaSet{ObjectMeta: object, Spec: appsv1.ReplicaSetSpec{Selector: selector, Template: template, Replicas: three}},
			"ReplicaSet", 3,
		}, {
			"a DaemonSet", &appsv1.DaemonSet{ObjectMeta: object, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template}},
			"DaemonSet", PerNode,
		}, {
			"a Job", &batchv1.Job{ObjectMeta: object, Spec: batchv1.JobSpec{Selector: selector, Template: template, Parallelism: three}},
			"Job", 3,
		}, {
			"a ReplicationController", &corev1.ReplicationController{ObjectMeta: object, Spec: corev1.ReplicationControllerSpec{
				Selector: tags{"app": "web"}, Template: &template, Replicas: three,
			}},
			"ReplicationController", 3,
		}, {
			"a ReplicationController selects by its template when it does not say", &corev1.ReplicationController{ObjectMeta: object, Spec: corev1.ReplicationControllerSpec{Template: &template}},
			"ReplicationController", 1,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := WorkloadOf(test.object)
			want := &Workload{
				Ref: Ref{test.kind, "shop", "web"}, Labels: tags{"team": "a"}, Selector: selector, Template: template, Replicas: test.replicas,
			}
			if diff := cmp.Diff(want, got); diff != "" || !ok {
				t.Errorf("ok is %t (-want +got):\n%s", ok, diff)
			}
		})
	}
}

func TestWorkloadOfKnowsWhoMadeIt(t *testing.T) {
	set := &appsv1.ReplicaSet{ObjectMeta: meta("shop", "web-5d4", nil)}
	set.OwnerReferences = []metav1.OwnerReference{{Kind: "Node", Name: "node-a"}, controller("Deployment", "web")}
	got, _ := WorkloadOf(set)
	if got.Controller == nil || got.Controller.Kind != "Deployment" || got.Controller.Name != "web" {
		t.Errorf("got %v, want Deployment web", got.Controller)
	}
}

func TestWorkloadOfIncompleteObjects(t *testing.T) {
	job, _ := WorkloadOf(&batchv1.Job{ObjectMeta: meta("shop", "once", nil)})
	if job.Selector != nil || job.Replicas != 1 {
		t.Errorf("job: got %+v", job)
	}
	controller, _ := WorkloadOf(&corev1.ReplicationController{ObjectMeta: meta("shop", "old", nil)})
	if controller.Selector == nil || len(controller.Selector.MatchLabels) != 0 {
		t.Errorf("replication controller without a template: got %+v", controller.Selector)
	}
}

func TestWhatIsNoWorkload(t *testing.T) {
	for _, object := range []runtime.Object{&corev1.Pod{}, &corev1.Service{}, &batchv1.CronJob{}, nil} {
		if got, ok := WorkloadOf(object); ok || got != nil {
			t.Errorf("%T: got %+v", object, got)
		}
	}
}
