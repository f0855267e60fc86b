package render

import (
	"io"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestFieldsAreNamedAsKubectlTakesThem(t *testing.T) {
	object := map[string]any{"metadata": map[string]any{"name": "web"}}
	for _, expression := range []string{"metadata.name", ".metadata.name", "{metadata.name}", "{.metadata.name}"} {
		f, err := parseField("", expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if values, err := f.of(object); err != nil || len(values) != 1 || values[0] != "web" || f.text != "{.metadata.name}" {
			t.Errorf("%s is %v of %s, %v", expression, values, f.text, err)
		}
	}
}

func TestNoColumnControlsTheTerminal(t *testing.T) {
	columns, err := ParseColumns("A\x1b[2J:.a")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	object := &unstructured.Unstructured{Object: map[string]any{"a": "\x1b[2Jb\nc"}}
	if err := columns.PrintObj(object, &out); err != nil || strings.Contains(out.String(), "\x1b") || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("wrote %q, %v", out.String(), err)
	}
}

// Whatever is typed is refused or written, and nothing panics.
func FuzzColumns(f *testing.F) {
	for _, spec := range []string{"A:.a", "A:{.a[*].b},B:.c", "A:.a[?(@.b==1)]", "A:.a[1:2:0]", "A:", "A:.a["} {
		f.Add(spec)
	}
	f.Fuzz(func(_ *testing.T, spec string) {
		columns, err := ParseColumns(spec)
		if err != nil {
			return
		}
		object := &unstructured.Unstructured{Object: map[string]any{"a": []any{map[string]any{"b": int64(1)}, "x"}, "c": nil}}
		_ = columns.PrintObj(object, io.Discard)
	})
}
