// Package api tests the commands against a real kube-apiserver: what only the
// API server decides, such as allocation, conflicts and permissions.
package api

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cli"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// result is what a command left behind.
type result struct {
	out, err string
	code     int
}

// user runs commands with a kubeconfig in a namespace.
type user struct {
	t          *testing.T
	kubeconfig string
	namespace  string
}

func admin(t *testing.T, c *rig.Cluster) user {
	return user{t: t, kubeconfig: c.Kubeconfig(), namespace: c.Namespace(t)}
}

func (u user) run(args ...string) result { return u.runWith(u.t.Context(), "", args...) }

func (u user) runWith(ctx context.Context, stdin string, args ...string) result {
	var out, errOut bytes.Buffer
	args = append(args, "--kubeconfig="+u.kubeconfig)
	if u.namespace != "" {
		args = append(args, "--namespace="+u.namespace)
	}
	code := cli.Run(ctx, args, genericiooptions.IOStreams{In: strings.NewReader(stdin), Out: &out, ErrOut: &errOut})
	return result{out.String(), errOut.String(), code}
}

// apply applies a manifest from standard input, without waiting.
func (u user) apply(manifest string, flags ...string) result {
	return u.runWith(u.t.Context(), manifest, append([]string{"apply", "-f", "-", "--wait=false"}, flags...)...)
}

// succeeds fails the test unless the command did what it should.
func (u user) succeeds(r result) result {
	u.t.Helper()
	if r.code != 0 {
		u.t.Fatalf("exit code %d\n%s%s", r.code, r.out, r.err)
	}
	return r
}

// fails fails the test unless the command failed with these words.
func (u user) fails(r result, words ...string) {
	u.t.Helper()
	if r.code != 1 {
		u.t.Errorf("exit code %d, want 1\n%s%s", r.code, r.out, r.err)
	}
	for _, w := range words {
		if !strings.Contains(r.err, w) {
			u.t.Errorf("%q is not told in:\n%s", w, r.err)
		}
	}
}

// waitLimit is how long an event may take before the test gives up on it.
const waitLimit = 30 * time.Second
