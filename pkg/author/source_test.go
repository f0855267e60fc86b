package author

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
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
			err:  `pod/web.1 has no labels, so no service can select it; add one with: kubectl label pod web.1 app=web-1 -n shop`},
		{name: "a pod with generated labels only is told how to get another", snapshot: none,
			pod:  newPod("1234", labels{"controller-revision-hash": "5b", "app.kubernetes.io/managed-by": "Helm"}),
			want: source{"Pod/shop/1234", "1234", nil, nil},
			err:  `pod/1234 has only labels that controllers set, so no service can select it; add one with: kubectl label pod 1234 app=APP -n shop`},
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

func TestServiceName(t *testing.T) {
	tests := []struct{ name, source, given, want, err string }{
		{name: "a valid name is kept", source: "web-2", want: "web-2"},
		{name: "dots become hyphens", source: "web.example.com", want: "web-example-com"},
		{name: "a name begins with a letter", source: "2048-game", want: "game"},
		{name: "a long name is cut, and not at a hyphen", source: strings.Repeat("a", 62) + ".b", want: strings.Repeat("a", 62)},
		{name: "digits alone make no name", source: "2048",
			err: `cannot derive a service name from "2048", because it has no letter; give one with --name`},
		{name: "the user's name stands above", source: "web", given: "shop", want: "shop"},
		{name: "the user's name may begin with a digit", source: "web", given: "2048", want: "2048"},
		{name: "the user's name must be a label", source: "web", given: "Shop",
			err: `"Shop" is not a valid service name: use at most 63 lower-case letters, digits and '-', and begin and end with a letter or digit`},
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
