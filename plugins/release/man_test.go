package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEachCommandHasAManPage(t *testing.T) {
	var names []string
	for _, page := range manPages("v1.2.3") {
		names = append(names, page.name)
	}
	for _, want := range []string{"kubectl-nodeport.1", "kubectl-nodeport-create.1", "kubectl-nodeport-expose-check.1"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no %s among %v", want, names)
		}
	}
}

func TestManPagesSayWhatTheHelpSays(t *testing.T) {
	page := manPage(t, "kubectl-nodeport-create.1")
	for _, want := range []string{
		`.TH "KUBECTL\-NODEPORT\-CREATE" 1 `, `"kubectl\-nodeport v1.2.3"`,
		".SH NAME\nkubectl\\-nodeport\\-create \\- ", ".SH EXAMPLES\n.nf\n", `\fB\-\-port\fR`, ".BR kubectl\\-nodeport (1) ,\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in:\n%s", want, page)
		}
	}
}

func TestManPagesAreTheSameEachTimeWhoeverMakesThem(t *testing.T) {
	first := manPage(t, "kubectl-nodeport.1")
	t.Setenv("HOME", t.TempDir())
	if first != manPage(t, "kubectl-nodeport.1") {
		t.Error("the page of another user differs")
	}
}

func TestTextIsNoRequestOfTheLanguage(t *testing.T) {
	for text, want := range map[string]string{
		".nodeport.yaml": `\&.nodeport.yaml`,
		"'quoted'":       `\&'quoted'`,
		`a\nb`:           `a\enb`,
		"--port":         `\-\-port`,
	} {
		if got := roff(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestManPagesAreFreeOfComplaints(t *testing.T) {
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Skip("skipped: mandoc, which looks for mistakes in man pages, is not installed")
	}
	dir := t.TempDir()
	if err := writeManPages("v1.2.3", dir); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if out, err := exec.Command(mandoc, "-Tlint", "-Wwarning", filepath.Join(dir, f.Name())).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", f.Name(), err, out)
		}
	}
}

func manPage(t *testing.T, name string) string {
	t.Helper()
	for _, page := range manPages("v1.2.3") {
		if page.name == name {
			return string(page.data)
		}
	}
	t.Fatalf("there is no %s", name)
	return ""
}
