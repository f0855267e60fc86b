package rig

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/assets"
)

// Oracle returns the path of a program, built anew, that makes the real
// kube-proxy's rules in its network namespace and ends: see
// test/rig/kubernetes/oracle. Where that cannot run the test is skipped.
func Oracle(t testing.TB) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("skipped: kube-proxy's rules need Linux; use it")
	}
	for _, tool := range []string{"unshare", "nft", "iptables"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: %v; go run ./test/rig install", err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", "--user", "--map-root-user", "--net", "--mount", "true").CombinedOutput(); err != nil {
		t.Skipf("skipped: no namespaces may be made here (%s); use root", bytes.TrimSpace(out))
	}
	path := filepath.Join(t.TempDir(), "oracle")
	if err := assets.BuildOracle(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return path
}
