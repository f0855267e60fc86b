package manifest_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
)

// FuzzRead holds that no input, whatever it is, makes reading or the snapshot
// fail in another way than by problems that have words and a known file.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "\xff\xfe", "---\n---\n", "{}{}", "[", "a: &a [*a]", "a: &a {<<: *a}",
		"apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports: [{port: 82, nodePort: '3'}]\n",
		"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {generateName: web-}}\n- 3\n",
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":3,"template":{"spec":{"hostNetwork":true}}}}`,
		"x: &x {name: web}\napiVersion: v1\nkind: Node\nmetadata: {<<: [*x, *x]}\n",
		"kind: Service\nmetadata: {name: {{ .Values.name }}}\n",
		"apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\nsubsets: [{addresses: [{ip: fd00::1}]}]\n---\n" +
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer, ipFamilyPolicy: RequireDualStack, ports: [{port: 1}]}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := manifest.Read(context.Background(), manifest.Source{Paths: []string{"-"}, Stdin: bytes.NewReader(data)})
		for _, problem := range manifest.Problems(err) {
			if problem.Message == "" || problem.Position.File != "" && problem.Position.File != "stdin" {
				t.Errorf("%q gives the problem %#v", data, problem)
			}
		}
		for _, object := range set.Objects {
			if at := object.Locate("spec.ports[0].nodePort"); at.Line < 1 {
				t.Errorf("%q has an object at %v", data, at)
			}
		}
		set.Snapshot(manifest.Defaults{})
	})
}
