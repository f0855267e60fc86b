package cli

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestSourceThatIsNotFound(t *testing.T) {
	pod := func(name string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}}
	}
	workload := func(kind, name string) *snapshot.Workload {
		return &snapshot.Workload{Ref: snapshot.Ref{Kind: kind, Namespace: "shop", Name: name}}
	}
	web := &snapshot.Snapshot{
		Workloads: []*snapshot.Workload{workload("StatefulSet", "web"), workload("Deployment", "web"), workload("Deployment", "api")},
		Pods:      []*corev1.Pod{pod("web-5d4-1"), pod("db")},
	}
	for _, test := range []struct {
		name     string
		source   snapshot.Ref
		snapshot *snapshot.Snapshot
		want     string
	}{
		{"nothing is like it", snapshot.Ref{Kind: "Pod", Namespace: "shop", Name: "www"}, web, `pod "www" not found in namespace shop`},
		{"workloads have the pod's name", snapshot.Ref{Kind: "Pod", Namespace: "shop", Name: "web"}, web, `pod "web" not found in namespace shop; did you mean deployment/web or statefulset/web?`},
		{"another kind has the workload's name", snapshot.Ref{Kind: "DaemonSet", Namespace: "shop", Name: "api"}, web, `daemonset "api" not found in namespace shop; did you mean deployment/api?`},
		{"a pod has the workload's name", snapshot.Ref{Kind: "Deployment", Namespace: "shop", Name: "db"}, web, `deployment "db" not found in namespace shop; did you mean db?`},
		{
			"a pod that a workload made has the name in front", snapshot.Ref{Kind: "Pod", Namespace: "shop", Name: "web"},
			&snapshot.Snapshot{Pods: []*corev1.Pod{pod("webapp"), pod("web-5d4-1")}},
			`pod "web" not found in namespace shop; did you mean web-5d4-1?`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkError(t, (&createOptions{source: test.source}).notFound(test.snapshot), test.want)
		})
	}
}
