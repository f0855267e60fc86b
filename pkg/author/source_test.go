package author

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// labels is short for what the tests are full of.
type labels = map[string]string

// port declares a container port.
func port(name string, number int32, protocol ...corev1.Protocol) corev1.ContainerPort {
	p := corev1.ContainerPort{Name: name, ContainerPort: number}
	for _, p.Protocol = range protocol {
	}
	return p
}

// newPod is a pod in namespace "shop" with one container.
func newPod(name string, labels labels, ports ...corev1.ContainerPort) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Ports: ports}}},
	}
}

// ownedBy makes a pod one of a controller's.
func ownedBy(pod *corev1.Pod, kind, name string) *corev1.Pod {
	pod.OwnerReferences = []metav1.OwnerReference{controller(kind, name)}
	return pod
}

func controller(kind, name string) metav1.OwnerReference {
	isController := true
	return metav1.OwnerReference{Kind: kind, Name: name, Controller: &isController}
}

// workload is object as the snapshot has it.
func workload(t *testing.T, object runtime.Object) *snapshot.Workload {
	t.Helper()
	w, ok := snapshot.WorkloadOf(object)
	if !ok {
		t.Fatalf("%T is not a workload", object)
	}
	return w
}

// deployment is a Deployment "web" in "shop" with this selector, and a template
// that declares the ports of the tutorial.
func deployment(selector *metav1.LabelSelector) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Labels: labels{"team": "a", "helm.sh/chart": "web-1"}},
		Spec: appsv1.DeploymentSpec{Selector: selector, Template: corev1.PodTemplateSpec{
			Spec: newPod("", nil, port("http", 300), port("admin", 301)).Spec,
		}},
	}
}

func matching(labels labels, expressions ...metav1.LabelSelectorRequirement) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: labels, MatchExpressions: expressions}
}

func expression(key string, operator metav1.LabelSelectorOperator, values ...string) metav1.LabelSelectorRequirement {
	return metav1.LabelSelectorRequirement{Key: key, Operator: operator, Values: values}
}

func TestSelectorOfWorkload(t *testing.T) {
	replicaSet := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web-7d4b9c"},
		Spec:       appsv1.ReplicaSetSpec{Selector: matching(labels{"app": "web", "pod-template-hash": "7d4b9c"})},
	}
	owned := replicaSet.DeepCopy()
	owned.OwnerReferences = []metav1.OwnerReference{controller("Deployment", "web")}
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
			err:    `the selector of deployment/web has the expression "app in (db)" beside app=web, so that it selects nothing; give labels with --selector`},
		{name: "an expression with In and two values is named in the error",
			object: deployment(matching(labels{"app": "web"}, expression("tier", metav1.LabelSelectorOpIn, "front", "edge"))),
			err:    `the selector of deployment/web has the expression "tier in (edge,front)", which a service cannot have; give labels with --selector`},
		{name: "an expression with DoesNotExist is named in the error",
			object: deployment(matching(nil, expression("canary", metav1.LabelSelectorOpDoesNotExist))),
			err:    `the selector of deployment/web has the expression "!canary", which a service cannot have; give labels with --selector`},
		{name: "a Deployment in a manifest that lacks its selector",
			object: deployment(nil),
			err:    `deployment/web has no selector; give labels with --selector`},
		{name: "a ReplicaSet made by hand keeps its selector",
			object: replicaSet,
			want:   labels{"app": "web", "pod-template-hash": "7d4b9c"}},
		{name: "a ReplicaSet of a Deployment is selected beyond its revision",
			object: owned,
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

func TestFromPod(t *testing.T) {
	web := deployment(matching(labels{"app": "web"}))
	replicaSet := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "web-7d4b9c", OwnerReferences: []metav1.OwnerReference{controller("Deployment", "web")},
	}}
	hashed := labels{"app": "shop-web", "pod-template-hash": "7d4b9c", "topology.kubernetes.io/zone": "a"}
	all := &snapshot.Snapshot{Workloads: []*snapshot.Workload{workload(t, web), workload(t, replicaSet)}}
	none := &snapshot.Snapshot{}
	type source struct {
		Ref, Name        string
		Labels, Selector labels
	}
	tests := []struct {
		name     string
		snapshot *snapshot.Snapshot
		pod      *corev1.Pod
		want     source
		err      string
	}{
		{name: "a pod owned by a Deployment uses the Deployment's selector, name and labels", snapshot: all,
			pod:  ownedBy(newPod("web-7d4b9c-x2x4", hashed), "ReplicaSet", "web-7d4b9c"),
			want: source{"Deployment/shop/web", "web", labels{"team": "a"}, labels{"app": "web"}}},
		{name: "a pod whose owner is not known uses its own labels without generated ones", snapshot: none,
			pod:  ownedBy(newPod("web-7d4b9c-x2x4", hashed), "ReplicaSet", "web-7d4b9c"),
			want: source{"Pod/shop/web-7d4b9c-x2x4", "web", labels{"app": "shop-web"}, labels{"app": "shop-web"}}},
		{name: "a pod of an unknown kind of owner is named after it", snapshot: none,
			pod:  ownedBy(newPod("db-0", labels{"app": "db", "apps.kubernetes.io/pod-index": "0"}), "Database", "db"),
			want: source{"Pod/shop/db-0", "db", labels{"app": "db"}, labels{"app": "db"}}},
		{name: "a static pod is not named after its node", snapshot: none,
			pod:  ownedBy(newPod("etcd-node1", labels{"component": "etcd"}), "Node", "node1"),
			want: source{"Pod/shop/etcd-node1", "etcd-node1", labels{"component": "etcd"}, labels{"component": "etcd"}}},
		{name: "a bare pod uses its labels", snapshot: none,
			pod:  newPod("web", labels{"run": "web"}),
			want: source{"Pod/shop/web", "web", labels{"run": "web"}, labels{"run": "web"}}},
		{name: "a bare pod without labels is told how to get one", snapshot: none,
			pod:  newPod("web.1", nil),
			want: source{"Pod/shop/web.1", "web.1", nil, nil},
			err:  `pod/web.1 has no labels, so that no service can select it; add one with: kubectl label pod web.1 app=web-1 -n shop`},
		{name: "a pod with generated labels only is told how to get another", snapshot: none,
			pod:  newPod("1234", labels{"controller-revision-hash": "5b", "app.kubernetes.io/managed-by": "Helm"}),
			want: source{"Pod/shop/1234", "1234", nil, nil},
			err:  `pod/1234 has no labels but those that controllers gave it, so that no service can select it; add one with: kubectl label pod 1234 app=APP -n shop`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := FromPod(test.snapshot, test.pod)
			if diff := cmp.Diff(test.want, source{got.Ref.String(), got.Name, got.Labels, got.Selector}); diff != "" {
				t.Errorf("source (-want +got):\n%s", diff)
			}
			checkError(t, got.SelectorErr, test.err)
		})
	}
}

func TestPodWithoutNamespaceIsLabelledInTheCurrentOne(t *testing.T) {
	pod := newPod("web", nil)
	pod.Namespace = ""
	err := FromPod(&snapshot.Snapshot{}, pod).SelectorErr
	checkError(t, err, "pod/web has no labels, so that no service can select it; add one with: kubectl label pod web app=web")
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

func TestServiceName(t *testing.T) {
	tests := []struct{ name, source, given, want, err string }{
		{name: "a valid name is kept", source: "web-2", want: "web-2"},
		{name: "dots become hyphens", source: "web.example.com", want: "web-example-com"},
		{name: "a name begins with a letter", source: "2048-game", want: "game"},
		{name: "a long name is cut, and not at a hyphen", source: strings.Repeat("a", 62) + ".b", want: strings.Repeat("a", 62)},
		{name: "digits alone make no name", source: "2048",
			err: `no service name can be made from "2048", since it has no letter; give one with --name`},
		{name: "the user's name stands above", source: "web", given: "shop", want: "shop"},
		{name: "the user's name may begin with a digit", source: "web", given: "2048", want: "2048"},
		{name: "the user's name must be a label", source: "web", given: "Shop",
			err: `"Shop" is not a service name: it must be of lower-case letters, digits and '-', begin and end with a letter or digit, and have at most 63 characters`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Source{Name: test.source}.serviceName(test.given)
			checkError(t, err, test.err)
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// checkError compares the text of an error, which is empty for none.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}
