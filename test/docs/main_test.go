package docs

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

var update = flag.Bool("update", false, "write into the pages what their commands print")

// plugin is the directory of the plugin that was built for the tests.
var plugin string

func TestMain(m *testing.M) {
	if code, ok := rig.Parent(); ok {
		os.Exit(code)
	}
	dir, err := os.MkdirTemp("", "kubectl-nodeport-")
	if err == nil {
		err = build(dir)
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "build the plugin:", err)
		os.Exit(1)
	}
	plugin = dir
	code := rig.Main(m)
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func build(dir string) error {
	cmd := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "../../cmd/kubectl-nodeport")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}
