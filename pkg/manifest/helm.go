package manifest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
)

// helmMark returns the offset of the first action of a Helm template, or -1.
// Other tools write {{ … }} in values, too, which are no business of ours.
func helmMark(text []byte) int {
	for at := 0; ; {
		open := bytes.Index(text[at:], []byte("{{"))
		if open < 0 {
			return -1
		}
		open += at
		end := bytes.Index(text[open:], []byte("}}"))
		if end < 0 {
			return -1
		}
		at = open + end + len("}}")
		if isHelmAction(text[open:at]) {
			return open
		}
	}
}

func isHelmAction(action []byte) bool {
	for _, mark := range []string{".Values", ".Release.", ".Chart.", "include ", "template "} {
		if bytes.Contains(action, []byte(mark)) {
			return true
		}
	}
	return false
}

// unrendered tells an object that decodes although it is a template: its
// actions are quoted. Annotations may hold such text for other tools.
func (o *Object) unrendered(fields map[string]any) bool {
	if !bytes.Contains(o.JSON, []byte("{{")) {
		return false
	}
	spec, err := json.Marshal(fields["spec"])
	return err == nil && helmMark(spec) >= 0
}

// helm replaces the problems that come from Helm's actions, which are many, by
// the one cause.
func (d document) helm(problems []*Problem) *Problem {
	templated := func(p *Problem) bool {
		return p.helm || helmMark(d.lineOf(p.Position.Line)) >= 0
	}
	if !slices.ContainsFunc(problems, templated) {
		return nil
	}
	return d.helmProblem(max(helmMark(d.text), 0))
}

// helmProblem stands for everything else that is wrong with a template.
func (d document) helmProblem(offset int) *Problem {
	return &Problem{
		Position: d.at(offset),
		Message:  "this is a Helm template, not a manifest",
		Hint:     "render it first: helm template … | kubectl nodeport … -f -",
		Foreign:  true,
		helm:     true,
	}
}

// isHelmTest tells an object that is there only while "helm test" runs. Every new
// chart has such a pod, with the labels that its service selects.
// (helm.sh/helm/v3 pkg/release/hook.go)
func isHelmTest(object runtime.Object) bool {
	about, err := meta.Accessor(object)
	if err != nil {
		return false
	}
	for hook := range strings.SplitSeq(about.GetAnnotations()["helm.sh/hook"], ",") {
		if slices.Contains([]string{"test", "test-success", "test-failure"}, strings.ToLower(strings.TrimSpace(hook))) {
			return true
		}
	}
	return false
}
