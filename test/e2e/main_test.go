// Package e2e drives the built plugin through kubectl, from a host outside a
// real cluster, as its users do.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func TestMain(m *testing.M) {
	if code, ok := rig.Parent(); ok {
		os.Exit(code)
	}
	flag.Bool("update", false, "write the golden files instead of comparing with them")
	os.Exit(withPlugin(func() int { return rig.Main(m) }))
}

// withPlugin runs the tests with the plugin, built anew, first on PATH.
func withPlugin(run func() int) int {
	dir, err := os.MkdirTemp("", "kubectl-nodeport-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = build(dir)
	}
	if err == nil {
		err = os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "build the plugin:", err)
		return 1
	}
	return run()
}

// build builds the plugin; where the tests' coverage is collected (GOCOVERDIR),
// also its.
func build(dir string) error {
	name := "kubectl-nodeport"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	args := []string{"build", "-o", filepath.Join(dir, name)}
	if os.Getenv("GOCOVERDIR") != "" {
		args = append(args, "-cover", "-coverpkg=../../...")
	}
	cmd := exec.Command("go", append(args, "../../cmd/kubectl-nodeport")...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}
