package manifest_test

import (
	"strings"
	"testing"
)

func TestProblemsOfObjects(t *testing.T) {
	tests := []problemTest{
		{
			"several problems of several documents",
			service + "    nodeport: 1\n    prot: 2\n---\nkind: Pod\nmetadata: {name: a}\n---\nplain text\n",
			"stdin:13:5: Service/web: unknown field \"spec.ports[0].nodeport\"; did you mean nodePort?\n" +
				"stdin:14:5: Service/web: unknown field \"spec.ports[0].prot\"; did you mean port?\n" +
				"stdin:16:1: Pod/a: apiVersion is missing; write apiVersion: v1\n" +
				"stdin:19:1: a manifest is a mapping with apiVersion, kind and metadata, not the string \"plain text\"",
		},
		{
			"no kind",
			"apiVersion: v1\nmetadata: {name: web}\n",
			`stdin:1:1: kind is missing; every manifest names one, such as kind: Service`,
		},
		{
			"no name",
			"apiVersion: v1\nkind: Service\nmetadata:\n  labels: {app: web}\n",
			`stdin:3:1: metadata.name is missing; give the object a name`,
		},
		{
			"a service may not leave its name to the API server",
			"apiVersion: v1\nkind: Service\nmetadata:\n  generateName: web-\n",
			`stdin:3:1: metadata.name is missing; give the object a name`,
		},
		{
			"a number for a name",
			"apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: 7}\n",
			`stdin:3:12: metadata.name must be a string, not the number 7; give the object a name`,
		},
		{
			"control characters in a name",
			"apiVersion: v1\nkind: Service\nmetadata: {name: \"web\\e[2J\"}\n",
			`stdin:3:12: Service/web\u001b[2J: metadata.name "web\x1b[2J" is not a valid name: it holds control characters`,
		},
		{
			"capitals in a name",
			"apiVersion: v1\nkind: Service\nmetadata: {name: Web}\n",
			`stdin:3:12: Service/Web: metadata.name "Web" is not a valid name: a lowercase RFC 1123 subdomain must consist of ` +
				`lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character`,
		},
		{
			"a namespace that cannot be",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: a/b}\n",
			`stdin:3:23: Service/a/b/web: metadata.namespace "a/b" is not a valid name: a lowercase RFC 1123 label must consist of ` +
				`lower case alphanumeric characters or '-', and must start and end with an alphanumeric character`,
		},
		{
			"a kind in the wrong case",
			"apiVersion: v1\nkind: service\nmetadata: {name: web}\n",
			`stdin:2:1: service/web: there is no kind "service"; did you mean Service?`,
		},
		{
			"a version of long ago",
			"apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: web}\n",
			`stdin:1:1: Deployment/web: there is no kind Deployment in apiVersion "extensions/v1beta1"; write apiVersion: apps/v1`,
		},
		{
			"an item of a List that is no object",
			"apiVersion: v1\nkind: List\nitems:\n- web\n",
			`stdin:4:3: items[0] of the list must be an object, not the string "web"`,
		},
		{
			"a problem of an item of a List, far down in JSON",
			"{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n" + jsonPod("a") + ",\n\t" +
				`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}, "spek": {}}` + "\n]}",
			`stdin:3:65: Pod/b: unknown field "spek"; did you mean spec?`,
		},
	}
	for _, test := range tests {
		test.run(t)
	}
}

func TestProblemsOfFiles(t *testing.T) {
	tests := []problemTest{
		{
			"tabs",
			"apiVersion: v1\nkind: Pod\nmetadata:\n\tname: web\n",
			`stdin:4:1: not valid YAML: the line is indented with a tab; indent with spaces`,
		},
		{
			"a document that is no YAML does not hide the next",
			"a: b: c\n---\napiVersion: v1\nmetadata: {name: a}\n",
			"stdin:1:1: not valid YAML: mapping values are not allowed in this context; check the indentation and the quotes of this line and the one before\n" +
				"stdin:3:1: kind is missing; every manifest names one, such as kind: Service",
		},
		{
			"JSON that ends too early",
			"{\"apiVersion\": \"v1\",\n \"kind\": \"Pod\"",
			`stdin:2:15: not valid JSON: it ends in the middle of a value`,
		},
		{
			"text behind a separator",
			"--- !pod\n" + pod("a"),
			`stdin:1:1: the line that separates two documents holds more than "---": "!pod"; move it to the next line`,
		},
		{
			"a Helm template",
			"apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\n  labels:\n    {{- include \"web.labels\" . | nindent 4 }}\n---\nmore: {{ x }}\n",
			`stdin:4:9: this is a Helm template, not a manifest; render it first: helm template … | kubectl nodeport … -f -`,
		},
		{
			"a Helm template that is YAML because its actions are quoted",
			"apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: '{{ .Values.type }}'}\n",
			`stdin:4:15: this is a Helm template, not a manifest; render it first: helm template … | kubectl nodeport … -f -`,
		},
		{
			"a kustomization",
			"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [web.yaml]\n",
			`stdin:1:1: this is a kustomization, not a manifest; build it first: kubectl kustomize DIR | kubectl nodeport … -f -`,
		},
		{"a binary file", "\x7fELF\x00\x00", `stdin: this is a binary file, not a manifest; name only files of YAML or JSON`},
		{"Latin-1", "# caf\xe9\n" + service, `stdin:1:6: byte 0xe9 is not UTF-8 text; save the file as UTF-8`},
		{"nothing", "", `no manifests in standard input`},
		{"comments only", "# nothing\n---\n", `no manifests in standard input`},
		{"an alias inside of what it names", "a: &a [*a]\n", `stdin:1:1: this YAML is refused: an anchor contains itself`},
		{"aliases that grow beyond measure", bomb(), `stdin:1:1: this YAML is refused: its aliases expand to more than 16 MiB`},
		{"values nested beyond measure", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), `stdin:1:1: this YAML is refused: it is nested too deep`},
		{"more YAML than memory", "a: " + strings.Repeat("x", 17<<20), `stdin:1:1: this YAML document is larger than 16 MiB; split it, or write it as JSON: kubectl get … -o json`},
	}
	for _, test := range tests {
		test.run(t)
	}
}

// bomb is a document whose last line means 10^9 strings.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [lol]\n")
	for i := 1; i < 10; i++ {
		before := "*a" + string(rune('0'+i-1))
		b.WriteString("a" + string(rune('0'+i)) + ": &a" + string(rune('0'+i)) + " [" + strings.Repeat(before+",", 9) + before + "]\n")
	}
	return b.String()
}
