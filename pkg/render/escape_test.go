package render

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
)

// nasty moves a terminal's cursor by a C1 control character, and changes the
// direction of text, and has a character beyond 16 bits.
const nasty = "a\u009b2Jb\u202ec\u2066d\U000e0001e ☁ é"

func TestNoFormatControlsATerminal(t *testing.T) {
	r := &Report{FailOn: check.Error, Findings: []check.Finding{{ID: "NP201", Severity: check.Error, Message: nasty, Fix: nasty}}}
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web", Annotations: map[string]string{"a": nasty}}}
	service.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Service"))
	fromJSON := func(text []byte) (value any, err error) { return value, json.Unmarshal(text, &value) }
	fromYAML := func(text []byte) (value any, err error) { return value, yaml.Unmarshal(text, &value) }
	for name, format := range map[string]struct {
		write func(io.Writer) error
		parse func([]byte) (any, error)
	}{
		"json":            {func(w io.Writer) error { return JSON(w, r) }, fromJSON},
		"yaml":            {func(w io.Writer) error { return YAML(w, r) }, fromYAML},
		"sarif":           {func(w io.Writer) error { return SARIF(w, r) }, fromJSON},
		"json of kubectl": {func(w io.Writer) error { return SafePrinter("json", &printers.JSONPrinter{}, nil).PrintObj(service, w) }, fromJSON},
		"yaml of kubectl": {func(w io.Writer) error {
			return SafePrinter("yaml", &printers.YAMLPrinter{}, &printers.JSONPrinter{}).PrintObj(service, w)
		}, fromYAML},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := format.write(&out); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				if line = strings.TrimRight(line, "\n"); Safe(line) != line {
					t.Errorf("it wrote %q", line)
				}
			}
			value, err := format.parse(out.Bytes())
			text, _ := json.Marshal(value)
			quoted, _ := json.Marshal(nasty)
			if err != nil || !bytes.Contains(text, quoted[1:len(quoted)-1]) {
				t.Errorf("it is read as %s, %v", text, err)
			}
		})
	}
}

func TestACharacterInTwoWritesIsEscaped(t *testing.T) {
	var out bytes.Buffer
	w := EscapeJSON(&out)
	for _, b := range []byte("\"\u202e☁\"") {
		_, _ = w.Write([]byte{b})
	}
	if out.String() != `"\u202e☁"` {
		t.Errorf("it wrote %q", &out)
	}
}
