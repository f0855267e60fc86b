package render

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// found is a report with everything that a report can hold, and with names
// that no format may take for its own signs.
func found() *Report {
	web, odd := serviceRef("web"), serviceRef("o\x1b[31m<&>'\"d")
	at := snapshot.Position{File: "a b/services,%.yaml", Line: 12, Column: 7}
	return &Report{
		Services: []snapshot.Ref{serviceRef("healthy"), odd, web},
		Table:    &route.Table{},
		FailOn:   check.Error,
		Findings: []check.Finding{
			{ID: check.NotReadable, Severity: check.Error, Position: snapshot.Position{File: "bad.yaml"}, Message: "not valid YAML"},
			{ID: "NP201", Severity: check.Error, Service: odd, Object: odd, Message: "a\nb\x07 ::error::]]> c", Fix: "kubectl x\nor y"},
			{
				ID: "NP101", Severity: check.Error, Service: web, Object: web, Field: "spec.ports[0].nodePort", Position: at,
				Message: "node port 80 of port http is out of range", Fix: "set spec.ports[0].nodePort to 30010",
			},
			{ID: "NP215", Severity: check.Warning, Service: web, Object: web, Message: "target port 81 is not declared"},
			{
				ID: "NP404", Severity: check.Info, Service: web, Object: snapshot.Ref{Kind: "Node", Name: "n1"},
				Message: "node n1 is not ready", Passing: true,
			},
		},
		Ignored: []check.Ignored{{
			Finding: check.Finding{ID: "NP104", Severity: check.Info, Service: web, Object: web, Message: "may be taken"},
			Ignore:  check.Ignore{ID: "NP104", Reason: "agreed", By: "annotation " + check.IgnoreAnnotation},
		}},
		Gaps: []Gap{{Resource: "nodes", Reason: "forbidden", Rules: []string{"NP404"}}},
	}
}

func serviceRef(name string) snapshot.Ref {
	return snapshot.Ref{Kind: "Service", Namespace: "shop", Name: name}
}

func write(t *testing.T, format func(*bytes.Buffer) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := format(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestText(t *testing.T) {
	got := write(t, func(b *bytes.Buffer) error { return Text(b, found(), TextOptions{Glyphs: ASCII(), Width: 40}) })
	want := `error    NP901  not valid YAML
         at bad.yaml

shop/o\u001b[31m<&>'"d
error    NP201  a\u000ab\u0007
                ::error::]]> c
         fix: kubectl x\u000aor y

shop/web
error    NP101  node port 80 of port
                http is out of range
         at a b/services,%.yaml:12:7
         fix: set
              spec.ports[0].nodePort to
              30010
warning  NP215  target port 81 is not
                declared
info     NP404  node n1 is not ready
         at Node/n1

3 services checked: 3 errors, 1 warning, 1 note, 1 ignored
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTextShowsHealthyServicesWhenAsked(t *testing.T) {
	r := &Report{Services: []snapshot.Ref{serviceRef("web")}, Table: &route.Table{}}
	got := write(t, func(b *bytes.Buffer) error { return Text(b, r, TextOptions{Glyphs: ASCII(), Width: 80, Healthy: true}) })
	if want := "shop/web\n\n1 service checked: nothing found\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTextIsColouredOnlyWhenAsked(t *testing.T) {
	for _, color := range []bool{false, true} {
		got := write(t, func(b *bytes.Buffer) error { return Text(b, found(), TextOptions{Color: color, Width: 80}) })
		if strings.Contains(got, "\x1b") != color {
			t.Errorf("with Color %t the text is %q", color, got)
		}
	}
}

func TestReportsOfNothingAreWhole(t *testing.T) {
	empty := &Report{Table: &route.Table{}}
	got := write(t, func(b *bytes.Buffer) error { return JSON(b, empty) })
	for _, list := range []string{"findings", "ignored", "services", "gaps"} {
		if !strings.Contains(got, `"`+list+`": []`) {
			t.Errorf("%s is no empty list in %s", list, got)
		}
	}
}

func TestJSONAndYAMLSayTheSame(t *testing.T) {
	asJSON := write(t, func(b *bytes.Buffer) error { return JSON(b, found()) })
	asYAML, err := yaml.YAMLToJSON([]byte(write(t, func(b *bytes.Buffer) error { return YAML(b, found()) })))
	if err != nil {
		t.Fatal(err)
	}
	var left, right reportObject
	if err := json.Unmarshal([]byte(asJSON), &left); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(asYAML, &right); err != nil {
		t.Fatal(err)
	}
	if left.Summary != right.Summary || left.Summary != (summaryObject{3, 3, 1, 1, 1}) {
		t.Errorf("summaries are %+v and %+v", left.Summary, right.Summary)
	}
	want := findingObject{
		ID: "NP101", Severity: "error", Object: "Service/shop/web", Service: "Service/shop/web",
		Message: "node port 80 of port http is out of range", Cause: "node port is out of range",
		Fix: "set spec.ports[0].nodePort to 30010", Field: "spec.ports[0].nodePort",
		File: "a b/services,%.yaml", Line: 12, Column: 7, Docs: DocsOf("NP101"),
	}
	if left.Findings[2] != want {
		t.Errorf("got %+v\nwant %+v", left.Findings[2], want)
	}
	if left.Ignored[0].Reason != "agreed" || left.Ignored[0].By == "" {
		t.Errorf("ignored is %+v", left.Ignored[0])
	}
}

func TestGitHub(t *testing.T) {
	lines := strings.Split(write(t, func(b *bytes.Buffer) error { return GitHub(b, found()) }), "\n")
	for i, want := range []string{
		`::error file=bad.yaml,title=NP901 manifest cannot be read::not valid YAML`,
		`::error title=NP201 selector matches no pod::Service/shop/o\u001b[31m<&>'"d: a%0Ab\u0007 ::error::]]> c%0Afix: kubectl x%0Aor y`,
		`::error file=a b/services%2C%25.yaml,line=12,col=7,title=NP101 node port is out of range::node port 80 of port http is out of range%0Afix: set spec.ports[0].nodePort to 30010`,
		`::warning title=NP215 target port is not declared::Service/shop/web: target port 81 is not declared`,
		`::notice title=NP404 node is not ready::Node/n1: node n1 is not ready`,
		"",
	} {
		if lines[i] != want {
			t.Errorf("line %d is\n%s\nwant\n%s", i+1, lines[i], want)
		}
	}
}

func TestJUnitIsReadBack(t *testing.T) {
	var suites junitSuites
	if err := xml.Unmarshal([]byte(write(t, func(b *bytes.Buffer) error { return JUnit(b, found()) })), &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Tests != 7 || suites.Failures != 3 || suites.Skipped != 1 || len(suites.Suites) != 4 {
		t.Errorf("%d tests, %d failures, %d skipped, %d suites", suites.Tests, suites.Failures, suites.Skipped, len(suites.Suites))
	}
	cases := map[string]junitCase{}
	for _, suite := range suites.Suites {
		for _, c := range suite.Cases {
			cases[c.Name] = c
		}
	}
	if failure := cases["NP101 node port is out of range"].Failure; failure == nil || failure.Type != "error" || !strings.Contains(failure.Text, "fix: set") {
		t.Errorf("NP101 fails with %+v", failure)
	}
	if c := cases["NP215 target port is not declared"]; c.Failure != nil || !strings.Contains(c.Output, "target port 81") {
		t.Errorf("NP215, which does not make the check fail, is %+v", c)
	}
	if c := cases["NP104 node port may be taken by automatic allocation"]; c.Skipped == nil || !strings.Contains(c.Skipped.Message, "agreed") {
		t.Errorf("NP104, which is ignored, is %+v", c)
	}
	if _, ok := cases["nothing found"]; !ok {
		t.Error("a service without findings has no test that passes")
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""},
		{"a b c", 3, "a b|c"},
		{"abcdefgh i", 3, "abcdefgh|i"},
		{"→ → →", 3, "→ →|→"},
	} {
		if got := strings.Join(wrap(test.text, test.width), "|"); got != test.want {
			t.Errorf("wrap(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func TestAReportIsBlindWhenNothingBesideServicesCouldBeRead(t *testing.T) {
	gaps := []Gap{{Resource: "endpointslices"}, {Resource: "pods"}, {Resource: "nodes"}}
	tried := check.Walk{Nodes: []check.NodeHop{{Here: probe.Result{Outcome: probe.Connected}}}}
	for _, test := range []struct {
		name   string
		report Report
		want   bool
	}{
		{"nothing but services", Report{Live: true, Gaps: gaps, Walks: []check.Walk{{}}}, true},
		{"pods are known", Report{Live: true, Gaps: gaps[:1]}, false},
		{"a node port was tried", Report{Live: true, Gaps: gaps[:2], Walks: []check.Walk{tried}}, false},
		{"manifests stand alone", Report{Gaps: gaps}, false},
	} {
		if got := test.report.Blind(); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
}
