package author

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestSelectorOfWorkload(t *testing.T) {
	replicaSet := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web-7d4b9c"},
		Spec:       appsv1.ReplicaSetSpec{Selector: matching(labels{"app": "web", "pod-template-hash": "7d4b9c"})},
	}
	owned := replicaSet.DeepCopy()
	owned.OwnerReferences = []metav1.OwnerReference{controller("Deployment", "web")}
	rollout := owned.DeepCopy()
	rollout.Spec.Selector = matching(labels{"app": "web", "rollouts-pod-template-hash": "7d4b9c"})
	job := func(selector *metav1.LabelSelector, template labels) *batchv1.Job {
		return &batchv1.Job{
			ObjectMeta: metav1.ObjectMeta{Name: "import"},
			Spec: batchv1.JobSpec{Selector: selector, Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: template},
			}},
		}
	}
	uid := matching(labels{"batch.kubernetes.io/controller-uid": "6ba7b810"})
	tests := []struct {
		name   string
		object runtime.Object
		want   labels
		err    string
	}{
		{name: "a Deployment's selector is used as it is, marks of tools included",
			object: deployment(matching(labels{"app": "web", "helm.sh/chart": "web-1"})),
			want:   labels{"app": "web", "helm.sh/chart": "web-1"}},
		{name: "an expression with In and one value is a label",
			object: deployment(matching(nil, expression("app", metav1.LabelSelectorOpIn, "web"))),
			want:   labels{"app": "web"}},
		{name: "an expression that repeats a label adds nothing",
			object: deployment(matching(labels{"app": "web"}, expression("app", metav1.LabelSelectorOpIn, "web"))),
			want:   labels{"app": "web"}},
		{name: "an expression against a label selects nothing",
			object: deployment(matching(labels{"app": "web"}, expression("app", metav1.LabelSelectorOpIn, "db"))),
			err:    `the selector of deployment/web has both the expression "app in (db)" and app=web, so it selects nothing; give labels with --selector`},
		{name: "an expression with In and two values is named in the error",
			object: deployment(matching(labels{"app": "web"}, expression("tier", metav1.LabelSelectorOpIn, "front", "edge"))),
			err:    `the selector of deployment/web has the expression "tier in (edge,front)", which the selector of a service cannot express; give labels with --selector`},
		{name: "an expression with DoesNotExist is named in the error",
			object: deployment(matching(nil, expression("canary", metav1.LabelSelectorOpDoesNotExist))),
			err:    `the selector of deployment/web has the expression "!canary", which the selector of a service cannot express; give labels with --selector`},
		{name: "a Deployment in a manifest that lacks its selector",
			object: deployment(nil),
			err:    `deployment/web has no selector; give labels with --selector`},
		{name: "a ReplicaSet made by hand keeps its selector",
			object: replicaSet,
			want:   labels{"app": "web", "pod-template-hash": "7d4b9c"}},
		{name: "a ReplicaSet of a Deployment is selected beyond its revision",
			object: owned,
			want:   labels{"app": "web"}},
		{name: "a ReplicaSet of an Argo Rollout is selected beyond its revision",
			object: rollout,
			want:   labels{"app": "web"}},
		{name: "a StatefulSet's selector",
			object: &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Selector: matching(labels{"app": "db"})}},
			want:   labels{"app": "db"}},
		{name: "a DaemonSet's selector",
			object: &appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{Selector: matching(labels{"app": "log"})}},
			want:   labels{"app": "log"}},
		{name: "a ReplicationController's selector",
			object: &corev1.ReplicationController{Spec: corev1.ReplicationControllerSpec{Selector: labels{"app": "old"}}},
			want:   labels{"app": "old"}},
		{name: "a Job with a generated selector is selected by its template's labels",
			object: job(uid, labels{"app": "import", "batch.kubernetes.io/controller-uid": "6ba7b810", "job-name": "import"}),
			want:   labels{"app": "import"}},
		{name: "a Job without labels of its own is selected by its name",
			object: job(uid, labels{"controller-uid": "6ba7b810", "job-name": "import"}),
			want:   labels{"batch.kubernetes.io/job-name": "import"}},
		{name: "a Job in a manifest has no selector yet",
			object: job(nil, labels{"app": "import"}),
			want:   labels{"app": "import"}},
		{name: "a Job with an expression made by hand keeps it",
			object: job(matching(nil, expression("run", metav1.LabelSelectorOpIn, "7")), labels{"app": "import"}),
			want:   labels{"run": "7"}},
		{name: "a Job with a selector made by hand keeps it",
			object: job(matching(labels{"run": "7"}), labels{"run": "7", "app": "import"}),
			want:   labels{"run": "7"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source := FromWorkload(workload(t, test.object))
			if diff := cmp.Diff(test.want, source.Selector); diff != "" {
				t.Errorf("selector (-want +got):\n%s", diff)
			}
			checkError(t, source.SelectorErr, test.err)
		})
	}
}

func TestPodWithoutNamespaceIsLabelledInTheCurrentOne(t *testing.T) {
	pod := newPod("web", nil)
	pod.Namespace = ""
	err := FromPod(&snapshot.Snapshot{}, pod).SelectorErr
	checkError(t, err, "pod/web has no labels, so no service can select it; add one with: kubectl label pod web app=web")
}

func TestCleanDropsWhatControllersAndToolsAdd(t *testing.T) {
	dirty := labels{
		"app": "web", "app.kubernetes.io/name": "web", "tier": "", // what people give
		"pod-template-hash": "x", "rollouts-pod-template-hash": "x", "controller-revision-hash": "x",
		"pod-template-generation": "1", "statefulset.kubernetes.io/pod-name": "x", "apps.kubernetes.io/pod-index": "0",
		"batch.kubernetes.io/job-completion-index": "0", "job-name": "x", "controller-uid": "x",
		"topology.kubernetes.io/region": "eu", "service.istio.io/canonical-name": "web", "linkerd.io/workload-ns": "x",
		"app.kubernetes.io/managed-by": "Helm", "argocd.argoproj.io/instance": "x",
	}
	want := labels{"app": "web", "app.kubernetes.io/name": "web", "tier": ""}
	if diff := cmp.Diff(want, clean(dirty)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
