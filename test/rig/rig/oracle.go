package rig

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/assets"
)

// Oracle returns the path of a program, built anew, that makes the rules of the
// real kube-proxy in its network namespace: see test/rig/kubernetes/oracle. Its
// version is that of rigs: NODEPORT_TEST_KUBERNETES, or else the pinned one.
// Oracle skips the test where the program cannot run.
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
	if err := buildOracle(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	return path
}

func buildOracle(ctx context.Context, path string) error {
	version, err := assets.ParseVersion(os.Getenv(EnvKubernetes))
	if err != nil {
		return err
	}
	cache, err := assets.UserCache()
	if err != nil {
		return err
	}
	return cache.BuildOracle(ctx, version, path)
}
