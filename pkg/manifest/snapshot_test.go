package manifest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// TestTutorial holds the picture that every page of the documentation shows.
func TestTutorial(t *testing.T) {
	set, err := manifest.Read(context.Background(), manifest.Source{Paths: []string{"../../testdata/tutorial"}})
	if err != nil {
		t.Fatal(err)
	}
	s, assumed := set.Snapshot(manifest.Defaults{})
	service := s.Service("default", "web")
	port := service.Spec.Ports[0]
	slice := s.SlicesOf("default", "web")[0]
	endpoint := slice.Endpoints[0]
	got := fmt.Sprintf("node %s:%d -> service %s:%d -> pod %s:%d on %s",
		s.Node("n1").Status.Addresses[0].Address, port.NodePort, service.Spec.ClusterIP, port.Port,
		endpoint.Addresses[0], *slice.Ports[0].Port, *endpoint.NodeName)
	if want := "node 10.1.11.4:30033 -> service 10.3.11.5:82 -> pod 10.2.1.7:300 on n1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	ref := snapshot.Ref{Kind: "Service", Namespace: "default", Name: "web"}
	if assumed.NodePort(ref, "http") {
		t.Error("what the manifest gives is said to be assumed")
	}
}

func TestASnapshotIsMadeOnceAndAgainTheSame(t *testing.T) {
	text := service + "---\n" + workload("apps/v1", "Deployment", "web", "replicas: 3")
	set := readText(t, text)
	first, _ := set.Snapshot(manifest.Defaults{})
	again, _ := set.Snapshot(manifest.Defaults{Namespace: "default", NodePorts: nodeport.Default()})
	if a, b := first.Services[0].Spec, again.Services[0].Spec; a.ClusterIP != b.ClusterIP || a.Ports[0].NodePort != b.Ports[0].NodePort {
		t.Errorf("the same manifests became %v and %v", a, b)
	}
	if written := set.Objects[0].Object.(*corev1.Service); written.Spec.ClusterIP != "" || written.Namespace != "" {
		t.Errorf("the set was changed: %v", written)
	}
}

func TestObjectsThatTurnOutToBeOneCountOnce(t *testing.T) {
	s := cluster(t, service+"---\n"+strings.Replace(service, "name: web\nspec", "name: web\n  namespace: default\nspec", 1)+"    nodePort: 30033\n")
	if len(s.Services) != 1 || s.Services[0].Spec.Ports[0].NodePort != 30033 {
		t.Errorf("services are %v", s.Services)
	}
}

func TestPodsNamedByTheAPIServerAreSeveral(t *testing.T) {
	generated := "apiVersion: v1\nkind: Pod\nmetadata: {generateName: web-}\n"
	if got := podNames(cluster(t, generated+"---\n"+generated)); got != "web-1 web-2" {
		t.Errorf("pods are %s", got)
	}
}

// workload is a manifest of a workload with the label app: NAME.
func workload(apiVersion, kind, name, spec string) string {
	return fmt.Sprintf(`apiVersion: %s
kind: %s
metadata: {name: %s}
spec:
  %s
  selector: {matchLabels: {app: %s}}
  template:
    metadata: {labels: {app: %s}}
    spec:
      containers:
      - name: main
        ports: [{name: http, containerPort: 300}]
`, apiVersion, kind, name, spec, name, name)
}

func podNames(s *snapshot.Snapshot) string {
	var names []string
	for _, pod := range s.Pods {
		names = append(names, pod.Name)
	}
	return strings.Join(names, " ")
}

// "helm create" puts a pod into every chart that its service selects, and that
// is there only while "helm test" runs.
func TestThePodOfAHelmTestIsNone(t *testing.T) {
	hook := func(of string) string {
		return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: hook, labels: {app: web}, annotations: {helm.sh/hook: '" + of + "'}}\nspec: {containers: [{name: wget, image: busybox}]}\n"
	}
	for of, want := range map[string]int{"test": 0, "test-success,test": 0, "post-install": 1, "": 1} {
		set, err := manifest.Read(context.Background(), manifest.Source{Paths: []string{"-"}, Stdin: strings.NewReader(hook(of))})
		if err != nil {
			t.Fatal(err)
		}
		if s, _ := set.Snapshot(manifest.Defaults{}); len(s.Pods) != want {
			t.Errorf("hook %q: %d pods, want %d", of, len(s.Pods), want)
		}
	}
}
