package cli

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

func TestWhereAProgramsVersionComesFrom(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "1a2b"}
	modified := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for _, test := range []struct {
		name    string
		info    *debug.BuildInfo
		release string
		want    render.Build
	}{
		{"a release tells what the linker wrote", &debug.BuildInfo{}, "v0.1.0+1a2b", render.Build{Version: "v0.1.0", Commit: "1a2b"}},
		{"also when sources of another commit are around", &debug.BuildInfo{Settings: []debug.BuildSetting{revision, modified}}, "v0.1.0+3c4d",
			render.Build{Version: "v0.1.0", Commit: "3c4d"}},
		{"sources without a history have no commit", &debug.BuildInfo{}, "v0.1.0+", render.Build{Version: "v0.1.0"}},
		{"go install tells the module's version", &debug.BuildInfo{Main: debug.Module{Version: "v0.2.0"}}, "", render.Build{Version: "v0.2.0"}},
		{"go build in a clone tells the commit", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{revision, modified}}, "",
			render.Build{Version: "unknown", Commit: "1a2b", Modified: true}},
		{"nothing is known", nil, "", render.Build{Version: "unknown"}},
		{"modules are those of Kubernetes, as they were replaced", &debug.BuildInfo{Deps: []*debug.Module{
			{Path: "k8s.io/client-go", Version: "v0.36.0", Replace: &debug.Module{Path: "../client-go"}},
			{Path: "k8s.io/api", Version: "v0.36.0"}, {Path: "sigs.k8s.io/yaml", Version: "v1.0.0"},
		}}, "", render.Build{Version: "unknown", Modules: []render.Module{
			{Path: "k8s.io/api", Version: "v0.36.0"}, {Path: "k8s.io/client-go", Version: "v0.36.0 => ../client-go "},
		}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := buildOf(test.info, test.release)
			got.GoVersion, got.Platform = "", ""
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// silentServer takes connections at loopback, and never answers.
func silentServer(t *testing.T) (kubeconfig string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			defer connection.Close()
		}
	}()
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	text := "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: \"http://" + listener.Addr().String() +
		"\"}}]\ncontexts: [{name: a, context: {cluster: a}}]\n"
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

// The commands are to end although the server never answers: a test that hangs
// has failed.
func TestWhatCanDoWithoutTheClusterDoesNotWaitForIt(t *testing.T) {
	kubeconfig := silentServer(t)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"version"}, "Server Version: not reached: no answer within 2s\n"},
		{[]string{"__complete", "get", ""}, ":4\n"},
		{[]string{"__complete", "ports", ""}, ":4\n"},
		{[]string{"__complete", "get", "-n", ""}, ":4\n"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			var out, errOut bytes.Buffer
			args := append([]string{test.args[0]}, append([]string{"--kubeconfig=" + kubeconfig}, test.args[1:]...)...)
			if code := Run(t.Context(), args, genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut}); code != 0 {
				t.Errorf("exit code %d: %s", code, errOut.String())
			}
			if !strings.HasSuffix(out.String(), test.want) {
				t.Errorf("it wrote %q, %q", out.String(), errOut.String())
			}
		})
	}
}

func TestAnAnswerThatNoContextEndsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	_, err := soon(t.Context(), func(context.Context) (int, error) {
		<-never
		return 1, nil
	})
	checkError(t, err, "no answer within 2s")
	answer, err := soon(t.Context(), func(context.Context) (int, error) { return 1, nil })
	if answer != 1 || err != nil {
		t.Errorf("got %d, %v", answer, err)
	}
}

func TestKubectlsCompleterIsTheOneThatIsReleased(t *testing.T) {
	released, err := os.ReadFile("../../plugins/kubectl_complete-nodeport")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(released), "\r\n", "\n"), kubectlScript); diff != "" {
		t.Errorf("(-file +command):\n%s", diff)
	}
}
