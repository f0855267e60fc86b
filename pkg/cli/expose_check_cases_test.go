package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

var updateChecks = flag.Bool("update-checks", false, "write the findings of testdata/checks anew")

const checksFolder = "../../testdata/checks"

// checked is what the tests read of -o json.
type checked struct {
	Findings []struct {
		ID, Severity, Object, Message, Fix, Field string
		Line, Column                              int
	}
	Ignored []struct{ ID, Reason string }
}

// The manifests in testdata/checks are named after what is wrong with them, or
// what looks wrong and is not. What is found in each stands beside it.
func TestFindingsInManifests(t *testing.T) {
	t.Chdir(checksFolder)
	for _, folder := range []string{"broken", "healthy"} {
		files, err := filepath.Glob(folder + "/*.yaml")
		if err != nil || len(files) == 0 {
			t.Fatalf("there are no manifests in %s: %v", folder, err)
		}
		for _, file := range files {
			t.Run(strings.TrimSuffix(file, ".yaml"), func(t *testing.T) {
				report := checkManifests(t, file)
				if healthy := !report.alarms(); healthy != (folder == "healthy") {
					t.Errorf("healthy: %t", healthy)
				}
				compareFindings(t, strings.TrimSuffix(file, ".yaml")+".txt", report.String())
			})
		}
	}
}

func checkManifests(t *testing.T, file string) checked {
	t.Helper()
	var out, errOut bytes.Buffer
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	code := Run(context.Background(), []string{"expose-check", "--static", "-f", file, "-o", "json", "--fail-on=never"},
		genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut})
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, errOut.String())
	}
	var report checked
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// alarms tells whether anything is worse than a note.
func (c checked) alarms() bool {
	for _, finding := range c.Findings {
		if finding.Severity != "info" {
			return true
		}
	}
	return false
}

func (c checked) String() string {
	var b strings.Builder
	for _, f := range c.Findings {
		fmt.Fprintf(&b, "%s %s %s %s at %d:%d\n  %s\n", f.Severity, f.ID, f.Object, f.Field, f.Line, f.Column, f.Message)
		if f.Fix != "" {
			fmt.Fprintf(&b, "  fix: %s\n", f.Fix)
		}
	}
	for _, f := range c.Ignored {
		fmt.Fprintf(&b, "ignored %s: %s\n", f.ID, f.Reason)
	}
	return b.String()
}

func compareFindings(t *testing.T, path, got string) {
	t.Helper()
	if *updateChecks {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test ./pkg/cli -run TestFindingsInManifests -update-checks writes it", err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		t.Errorf("other findings than in %s (- want, + got):\n%s", path, diff)
	}
}
