package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// node is a manifest of a ready node, with more of its spec.
func node(name, spec string) string {
	return "apiVersion: v1\nkind: Node\nmetadata: {name: " + name + ", labels: {disk: " + name + "}}\nspec: {" + spec + "}\n" +
		"status: {addresses: [{type: InternalIP, address: 10.1.11." + strings.TrimPrefix(name, "n") + "}]}\n---\n"
}

// owned is a pod of a controller.
func owned(name, controllerKind, controller string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " + name + "\n  ownerReferences:\n  - {apiVersion: apps/v1, kind: " +
		controllerKind + ", name: " + controller + ", uid: '1', controller: true}\n---\n"
}

func TestWorkloadsBecomePods(t *testing.T) {
	deployment := workload("apps/v1", "Deployment", "web", "replicas: 2") + "---\n"
	replicaSet := strings.Replace(workload("apps/v1", "ReplicaSet", "web-7d9", "replicas: 2"), "metadata: {name: web-7d9}",
		"metadata:\n  name: web-7d9\n  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: '1', controller: true}]", 1) + "---\n"
	nodes := node("n1", "") + node("n2", "unschedulable: true") + node("n3", "taints: [{key: special, effect: NoSchedule}]")
	tests := []struct{ name, text, want string }{
		{"a Deployment", deployment, "web-1 web-2"},
		{"one replica when none is given", workload("apps/v1", "Deployment", "web", "paused: true"), "web-1"},
		{"none when none is wanted", workload("apps/v1", "Deployment", "web", "replicas: 0"), ""},
		{"none for a number that cannot be", workload("apps/v1", "Deployment", "web", "replicas: -3"), ""},
		{"a StatefulSet counts from 0", workload("apps/v1", "StatefulSet", "db", "replicas: 2"), "db-0 db-1"},
		{"or from where it says", workload("apps/v1", "StatefulSet", "db", "replicas: 2\n  ordinals: {start: 5}"), "db-5 db-6"},
		{"a DaemonSet has a pod on every node, cordoned or not", nodes + workload("apps/v1", "DaemonSet", "agent", "minReadySeconds: 1"), "agent-n1 agent-n2"},
		{"and one pod when no node is known", workload("apps/v1", "DaemonSet", "agent", "minReadySeconds: 1"), "agent-1"},
		{"a Job has as many as run at once", workload("batch/v1", "Job", "sum", "parallelism: 3"), "sum-1 sum-2 sum-3"},
		{"but no more than are left", workload("batch/v1", "Job", "sum", "parallelism: 3\n  completions: 2"), "sum-1 sum-2"},
		{"and none while suspended", workload("batch/v1", "Job", "sum", "suspend: true"), ""},
		{"a ReplicaSet made by hand", workload("apps/v1", "ReplicaSet", "web", "replicas: 1"), "web-1"},
		{"a ReplicaSet of a Deployment is not counted again", deployment + replicaSet, "web-1 web-2"},
		{"a dump has its pods already", deployment + replicaSet + owned("web-7d9-x", "ReplicaSet", "web-7d9"), "web-7d9-x"},
		{
			"and has them without its ReplicaSets, too",
			deployment + strings.Replace(owned("web-7d9-x", "ReplicaSet", "web-7d9"), "  ownerR", "  labels: {pod-template-hash: 7d9}\n  ownerR", 1), "web-7d9-x",
		},
		{"pods of another workload do not count", deployment + owned("db-0", "StatefulSet", "db"), "db-0 web-1 web-2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := podNames(cluster(t, test.text)); got != test.want {
				t.Errorf("pods are %q, want %q", got, test.want)
			}
		})
	}
}

func TestPodsOfWorkloadsCarryWhatTheirControllersGive(t *testing.T) {
	s := cluster(t, workload("apps/v1", "StatefulSet", "db", "replicas: 1")+"---\n"+workload("batch/v1", "Job", "sum", "parallelism: 1"))
	tests := []struct{ pod, want string }{
		{"db-0", "map[app:db apps.kubernetes.io/pod-index:0 statefulset.kubernetes.io/pod-name:db-0]"},
		{"sum-1", "map[app:sum batch.kubernetes.io/job-name:sum job-name:sum]"},
	}
	for _, test := range tests {
		pod := s.Pod("default", test.pod)
		if got := fmt.Sprint(pod.Labels); got != test.want {
			t.Errorf("%s has the labels %s, want %s", test.pod, got, test.want)
		}
		if metav1.GetControllerOf(pod) == nil {
			t.Errorf("%s has no controller", test.pod)
		}
	}
	if owner, _ := s.OwnerOf(s.Pods[0]); owner != (snapshot.Ref{Kind: "StatefulSet", Namespace: "default", Name: "db"}) {
		t.Errorf("db-0 belongs to %v", owner)
	}
}

func TestMoreReplicasThanAnyClusterHolds(t *testing.T) {
	s := cluster(t, workload("apps/v1", "Deployment", "web", "replicas: 2000000000"))
	if s.Knows("pods") || len(s.Pods) > 50000 {
		t.Errorf("there are %d pods, and the gaps are %v", len(s.Pods), s.Gaps)
	}
}
