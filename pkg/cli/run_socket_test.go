package cli

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// A run needs no control socket, and one that cannot be opened is no matter of
// the API server.
func TestRunWhoseSocketCannotBeOpenedSaysSoAndGoesOn(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(t.TempDir(), strings.Repeat("long", 30))) // a socket's path has 107 characters at most
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var said strings.Builder
	code := Run(ctx, []string{"run", "-f", "../../testdata/tutorial", "--node-port-range", "30033-30033", "--cluster-ips=false"},
		genericiooptions.IOStreams{In: strings.NewReader(""), Out: stopping(stop), ErrOut: &said})
	if code != 0 || !strings.HasPrefix(said.String(), "note: --local of other commands will not find this run: cannot open the control socket: ") {
		t.Errorf("exit code %d, said %s", code, said.String())
	}
}

// stopping ends a run when it has written that it serves.
type stopping context.CancelFunc

func (stop stopping) Write(p []byte) (int, error) {
	stop()
	return len(p), nil
}
