package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	root := t.TempDir()
	files := map[string]string{
		"docs/glossary.md": "| avoid | write |\n|---|---|\n| is told | is reported |\n| mend, mended | fix |\n\n| other | table |\n",
		"docs/page.md":     "A page.\nWhat is\ntold here.\n",
		"pkg/a.go":         "package a\n\n// A is\n// told.\nconst A = \"it is mended\" + \"commend\"\n",
		"pkg/b.txt":        "mend",
		"testdata/c.md":    "mend",
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(root)
	found, err := check(".")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, use := range found {
		got = append(got, filepath.ToSlash(use.String()))
	}
	want := []string{
		`docs/page.md:2: avoid "is told"; write: is reported`,
		`pkg/a.go:3: avoid "is told"; write: is reported`,
		`pkg/a.go:5: avoid "mended"; write: fix`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseGlossaryWithoutTable(t *testing.T) {
	if _, err := parseGlossary("| avoid | meaning |\n"); err == nil {
		t.Error("a page without the table is accepted")
	}
}
