package manifest_test

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// service is a manifest with nothing wrong, to add to.
const service = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  selector:
    app: web
  ports:
  - name: http
    port: 82
    targetPort: http
`

// readText reads manifests that must be without problems.
func readText(t *testing.T, text string) *manifest.Set {
	t.Helper()
	set, err := manifest.Read(context.Background(), stdin(text))
	if err != nil {
		t.Fatalf("cannot read the test's manifest: %v", err)
	}
	return set
}

func stdin(text string) manifest.Source {
	return manifest.Source{Paths: []string{"-"}, Stdin: strings.NewReader(text)}
}

// cluster is the snapshot of manifests.
func cluster(t *testing.T, text string) *snapshot.Snapshot {
	t.Helper()
	s, _ := readText(t, text).Snapshot(manifest.Defaults{})
	return s
}

// names are those of objects, in their order.
func names(set *manifest.Set) string {
	var names []string
	for _, object := range set.Objects {
		names = append(names, object.Ref.String())
	}
	return strings.Join(names, " ")
}

func TestReadKeepsEveryObject(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"one document", service, "Service/web"},
		{"several documents, empty ones skipped", "---\n# nothing\n---\n" + service + "---\n---\n" + pod("a") + "---\n", "Service/web Pod/a"},
		{"separators may carry a comment", "--- # first\n" + pod("a") + "---   # second\n" + pod("b"), "Pod/a Pod/b"},
		{"a document may end with three dots", pod("a") + "...\n" + pod("b"), "Pod/a Pod/b"},
		{"Windows line ends", strings.ReplaceAll("---\n"+pod("a")+"---\n"+pod("b"), "\n", "\r\n"), "Pod/a Pod/b"},
		{"a byte order mark", "\uFEFF" + pod("a"), "Pod/a"},
		{"UTF-16, as PowerShell writes it", utf16LE(pod("a")), "Pod/a"},
		{"JSON indented with tabs", "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"a\"}\n}\n", "Pod/a"},
		{"JSON values one after the other", jsonPod("a") + jsonPod("b"), "Pod/a Pod/b"},
		{"JSON documents with separators", jsonPod("a") + "\n---\n" + jsonPod("b"), "Pod/a Pod/b"},
		{"YAML that starts like JSON", "{apiVersion: v1, kind: Pod, metadata: {name: a}}", "Pod/a"},
		{"a List", list("List", "- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n"), "Pod/a Pod/b"},
		{"a List in a List", list("List", "- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: a}}]}\n"), "Pod/a"},
		{"a typed list, whose items do not say their kind", list("PodList", "- metadata: {name: a}\n"), "Pod/a"},
		{"kinds of others", "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: {any: thing}\n", "Widget/a"},
		{"another group's Service", "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {template: {}}\n", "Service/a"},
		{"a namespace as written", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\n", "Pod/shop/a"},
		{"a node is in no namespace", "apiVersion: v1\nkind: Node\nmetadata: {name: a, namespace: shop}\n", "Node/a"},
		{"a pod named by the API server", "apiVersion: v1\nkind: Pod\nmetadata: {generateName: web-}\n", "Pod/"},
		{"the same object twice", pod("a") + "---\n" + pod("a"), "Pod/a"},
		{"the same object twice in another order of keys", pod("a") + "---\n" + `{"metadata": {"name": "a"}, "kind": "Pod", "apiVersion": "v1"}`, "Pod/a"},
		{"text for Helm in an annotation", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {x: '{{ .Values.y }}'}}\n", "Pod/a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := readText(t, test.text)
			if got := names(set); got != test.want {
				t.Errorf("read %s, want %s", got, test.want)
			}
			if len(set.Warnings) > 0 {
				t.Errorf("unexpected warning: %v", set.Warnings[0])
			}
		})
	}
}

func TestValuesMeanWhatTheyMeanToTheAPIServer(t *testing.T) {
	set := readText(t, `apiVersion: v1
kind: Service
metadata: {name: web, labels: &labels {app: web, live: "yes"}}
spec:
  publishNotReadyAddresses: yes
  selector: {<<: *labels, tier: front}
  ports: [{port: 0x52, targetPort: 300}]
`)
	spec := set.Objects[0].Object.(*corev1.Service).Spec
	if !spec.PublishNotReadyAddresses || spec.Ports[0].Port != 82 {
		t.Errorf("yes and 0x52 were read as %v and %d", spec.PublishNotReadyAddresses, spec.Ports[0].Port)
	}
	if len(spec.Selector) != 3 || spec.Selector["tier"] != "front" || spec.Selector["live"] != "yes" {
		t.Errorf("the merged selector is %v", spec.Selector)
	}
	want := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}`
	if got := string(readText(t, pod("a")).Objects[0].JSON); got != want {
		t.Errorf("for server-side apply: %s, want %s", got, want)
	}
}

func TestOfDifferentObjectsTheLastCountsAndAWarningNamesBoth(t *testing.T) {
	set := readText(t, service+"---\n"+service+"    nodePort: 30033\n")
	if len(set.Objects) != 1 || set.Objects[0].Object.(*corev1.Service).Spec.Ports[0].NodePort != 30033 {
		t.Errorf("the set is %s", names(set))
	}
	const want = "stdin:1:1: Service/web: this object is given again, with other contents, in stdin:14:1; remove one of them; the last one counts"
	if len(set.Warnings) != 1 || set.Warnings[0].Error() != want {
		t.Errorf("warnings are %v, want %s", set.Warnings, want)
	}
}

func pod(name string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + "}\n"
}

func jsonPod(name string) string {
	return `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "` + name + `"}}`
}

func list(kind, items string) string {
	return "apiVersion: v1\nkind: " + kind + "\nmetadata: {resourceVersion: \"1\"}\nitems:\n" + items
}

func utf16LE(text string) string {
	encoded := []byte{0xFF, 0xFE}
	for _, r := range text {
		encoded = append(encoded, byte(r), byte(r>>8))
	}
	return string(encoded)
}
