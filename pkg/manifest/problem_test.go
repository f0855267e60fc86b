package manifest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
)

// problemTest is a manifest and what users read of it, one problem to a line.
type problemTest struct{ name, text, want string }

func (test problemTest) run(t *testing.T) {
	t.Run(test.name, func(t *testing.T) {
		_, err := manifest.Read(context.Background(), stdin(test.text))
		if err == nil {
			t.Fatalf("read without a problem, want: %s", test.want)
		}
		if diff := cmp.Diff(test.want, err.Error()); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
	})
}

func TestProblemsOfFields(t *testing.T) {
	tests := []problemTest{
		{
			"a node port in quotes",
			service + "    nodePort: '30086'\n",
			`stdin:13:5: Service/web: spec.ports[0].nodePort must be a number, not the string "30086"; write 30086 without quotes`,
		},
		{
			"a node port in words",
			service + "    nodePort: auto\n",
			`stdin:13:5: Service/web: spec.ports[0].nodePort must be a number, not the string "auto"`,
		},
		{
			"a node port larger than any number of the API",
			service + "    nodePort: 99999999999\n",
			`stdin:13:5: Service/web: spec.ports[0].nodePort must be a whole number of at most 2147483647, not the number 99999999999`,
		},
		{
			"a node port with a fraction",
			service + "    nodePort: 300.33\n",
			`stdin:13:5: Service/web: spec.ports[0].nodePort must be a whole number of at most 2147483647, not the number 300.33`,
		},
		{
			"a field in the wrong case",
			service + "    nodeport: 30033\n",
			`stdin:13:5: Service/web: unknown field "spec.ports[0].nodeport"; did you mean nodePort?`,
		},
		{
			"a misspelled field",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selektor: {app: web}\n",
			`stdin:5:3: Service/web: unknown field "spec.selektor"; did you mean selector?`,
		},
		{
			"a field one level too high",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  nodePort: 30033\n",
			`stdin:5:3: Service/web: unknown field "spec.nodePort"; it belongs into spec.ports[]`,
		},
		{
			"a field of another mapping",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  labels: {app: web}\n",
			`stdin:5:3: Service/web: unknown field "spec.labels"; it belongs into metadata`,
		},
		{
			"a pod's field in a Deployment",
			"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  containers: []\n",
			`stdin:5:3: Deployment/web: unknown field "spec.containers"; it belongs into spec.template.spec`,
		},
		{
			"a field like no other",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\nzzzzzzzz: 1\n",
			`stdin:4:1: Service/web: unknown field "zzzzzzzz"`,
		},
		{
			"matchLabels in a service",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector:\n    matchLabels:\n      app: web\n",
			"stdin:6:5: Service/web: spec.selector[matchLabels] must be a string, not a mapping; " +
				"the selector of a Service is the labels themselves: write them directly under selector",
		},
		{
			"a Deployment's selector without matchLabels",
			"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector:\n    app: web\n",
			`stdin:6:5: Deployment/web: unknown field "spec.selector.app"; write it under spec.selector.matchLabels`,
		},
		{
			"a label that YAML takes for a boolean",
			"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels:\n    app.example/live: yes\n",
			`stdin:6:5: Pod/web: metadata.labels[app.example/live] must be a string, not the boolean true; ` +
				`write it in quotes: "yes" (without them yes is a boolean in YAML)`,
		},
		{
			"a label that YAML takes for a number keeps its spelling",
			"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {version: 1.10}\n",
			`stdin:5:12: Pod/web: metadata.labels[version] must be a string, not the number 1.1; write it in quotes: "1.10"`,
		},
		{
			"one port that is no list",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports:\n    port: 82\n",
			`stdin:5:3: Service/web: spec.ports must be a list, not a mapping; begin each item with a dash`,
		},
		{
			"a target port that is neither number nor name",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 82, targetPort: [300]}]}\n",
			`stdin:4:27: Service/web: spec.ports[0].targetPort must be a number or a name, not a list`,
		},
		{
			"a key given twice",
			service + "    port: 83\n",
			`stdin:13:5: Service/web: duplicate key "spec.ports[0].port": it was already given in line 11; ` +
				`remove one of them; kubectl would silently take the last`,
		},
		{
			"a key given twice in JSON",
			"{\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n \"metadata\": {\"name\": \"a\", \"name\": \"a\"}}",
			`stdin:2:28: Pod/a: duplicate key "metadata.name": it was already given in line 2; ` +
				`remove one of them; kubectl would silently take the last`,
		},
		{
			"a flag in quotes",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {publishNotReadyAddresses: \"true\"}\n",
			`stdin:4:8: Service/web: spec.publishNotReadyAddresses must be true or false, not the string "true"; write true without quotes`,
		},
		{
			"a quantity that is none",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{resources: {limits: {cpu: lots}}}]}\n",
			`stdin:4:43: Pod/web: spec.containers[0].resources.limits[cpu] must be a quantity such as 500m or 128Mi, not the string "lots"`,
		},
		{
			"a time that is none",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: web, deletionTimestamp: soon}\n",
			`stdin:3:23: Pod/web: metadata.deletionTimestamp must be a time such as 2006-01-02T15:04:05Z, not the string "soon"`,
		},
		{
			"labels that are a list",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: [app]}\n",
			`stdin:3:23: Pod/web: metadata.labels must be a mapping of names to strings, not a list`,
		},
		{
			"a spec that is text, and very long",
			"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: " + strings.Repeat("x", 100) + "\n",
			`stdin:4:1: Pod/web: spec must be a mapping, not the string "` + strings.Repeat("x", 60) + `…"`,
		},
	}
	for _, test := range tests {
		test.run(t)
	}
}

func TestAProblemCanBeTakenApart(t *testing.T) {
	_, err := manifest.Read(context.Background(), stdin(service+"    nodePort: '30086'\n    nodeport: 1\n"))
	problems := manifest.Problems(err)
	if len(problems) != 2 {
		t.Fatalf("%d problems in %v", len(problems), err)
	}
	p := problems[0]
	if p.Field != "spec.ports[0].nodePort" || p.Ref.Name != "web" || p.Position.Line != 13 || p.Hint != "write 30086 without quotes" {
		t.Errorf("the problem is %#v", p)
	}
}

func TestWhatCouldBeReadIsThereBesideTheProblems(t *testing.T) {
	set, err := manifest.Read(context.Background(), stdin(service+"    nodeport: 1\n---\nkind: Pod\n---\n"+pod("a")))
	if err == nil || names(set) != "Service/web Pod/a" {
		t.Errorf("the set is %s beside %v", names(set), err)
	}
}

func TestAThousandMistakesAreNotToldOneByOne(t *testing.T) {
	text := service + strings.Repeat("    x: 1\n", 1000) + "  y: 1\n"
	_, err := manifest.Read(context.Background(), stdin(text))
	if count := len(manifest.Problems(err)); count == 0 || count > 50 {
		t.Errorf("%d problems of one object", count)
	}
}
