// Package sctp tests SCTP, which few kernels have built in, in a kernel of its
// own: User Mode Linux, whose modules include SCTP, is a program.
package sctp

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// inEngine is the test of pkg/engine.
const inEngine = "TestSCTPIsServedOrSaidToBeUnsupported"

func TestTheEngineServesSCTP(t *testing.T) {
	linux, err := exec.LookPath("linux.uml")
	if err != nil {
		t.Skip("skipped: User Mode Linux is not installed; apt-get install user-mode-linux")
	}
	dir := t.TempDir()
	program, first := filepath.Join(dir, "engine.test"), filepath.Join(dir, "init")
	build(t, "test", "-c", "-o", program, "../../pkg/engine")
	build(t, "build", "-o", first, "./init")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	// Of its arguments the kernel hands on what it does not know itself, and all
	// behind the two dashes.
	cmd := exec.CommandContext(ctx, linux, "mem=256M", "rootfstype=hostfs", "rootflags=/", "ro", "con=null", "con0=fd:0,fd:1", "quiet",
		"init="+first, "PATH="+os.Getenv("PATH"), "NODEPORT_TEST_SCTP=1", "--", program, "-test.v", "-test.run="+inEngine)
	out, err := cmd.CombinedOutput()
	if !strings.Contains(string(out), "init: started") {
		t.Skipf("skipped: User Mode Linux does not start: %v\n%s", err, out)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+inEngine) {
		t.Errorf("%v:\n%s", err, out)
	}
}

// build runs go for a program that needs no libraries.
func build(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, out)
	}
}
