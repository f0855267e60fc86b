package e2e

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// shell is where a user types commands: a namespace, seen from the client host.
type shell struct {
	t         *testing.T
	cluster   *rig.Cluster
	namespace string
	// kubeconfig is another user's than the administrator's; "" is his.
	kubeconfig string
	stdin      string
}

// result is what a command left behind.
type result struct {
	out, err string
	code     int
}

func newShell(t *testing.T, c *rig.Cluster) shell {
	t.Helper()
	return shell{t: t, cluster: c, namespace: c.Namespace(t)}
}

// nodeport runs kubectl nodeport in the namespace.
func (s shell) nodeport(args ...string) result {
	s.t.Helper()
	return s.kubectl(append([]string{"nodeport"}, args...)...)
}

// kubectl runs kubectl in the namespace.
func (s shell) kubectl(args ...string) result {
	s.t.Helper()
	var out, stderr bytes.Buffer
	cmd := s.command(s.t.Context(), args)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(s.stdin), &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("kubectl %s: %v", strings.Join(args, " "), err)
	}
	return result{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// command puts the namespace last: kubectl takes no flags before a plugin's name.
func (s shell) command(ctx context.Context, args []string) *exec.Cmd {
	cmd := s.cluster.Client().Command(ctx, "kubectl", append(args[:len(args):len(args)], "--namespace="+s.namespace)...)
	if s.kubeconfig != "" {
		cmd.Env = append(cmd.Env, "KUBECONFIG="+s.kubeconfig)
	}
	return cmd
}

// ok fails the test unless the command exited with 0; it returns its output.
func (s shell) ok(r result) string {
	s.t.Helper()
	if r.code != 0 {
		s.t.Fatalf("exit code %d\n%s%s", r.code, r.out, r.err)
	}
	return r.out
}

// start runs kubectl in the background, for commands that run until they are
// interrupted; stop interrupts it and returns what it left behind.
func (s shell) start(args ...string) (output *transcript, stop func() result) {
	s.t.Helper()
	r := s.begin(args...)
	return &r.out, func() result {
		_ = r.cmd.Process.Signal(os.Interrupt)
		return r.wait()
	}
}

// begin runs kubectl in the background.
func (s shell) begin(args ...string) *running {
	s.t.Helper()
	r := &running{cmd: s.command(s.t.Context(), args)}
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.err
	if err := r.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// running is a command in the background.
type running struct {
	cmd      *exec.Cmd
	out, err transcript
}

// wait waits until the command has ended, and ends it if it does not.
func (r *running) wait() result {
	killer := time.AfterFunc(20*time.Second, func() { _ = r.cmd.Process.Kill() })
	defer killer.Stop()
	_ = r.cmd.Wait() // its exit code tells
	return result{r.out.String(), r.err.String(), r.cmd.ProcessState.ExitCode()}
}

// transcript is what a running command has printed.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write adds to the transcript.
func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns what was printed so far.
func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// shows waits until a command has printed a text.
func (o *transcript) shows(t *testing.T, text string) {
	t.Helper()
	rig.Eventually(t, 20*time.Second, func() error {
		if out := o.String(); !strings.Contains(out, text) {
			return errors.New(text + " is not shown in:\n" + out)
		}
		return nil
	})
}

// golden compares with testdata/NAME.txt, or writes it when -update is given.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test ./test/e2e -run %s -update writes it", err, t.Name())
	}
	if diff := cmp.Diff(strings.ReplaceAll(string(want), "\r\n", "\n"), got); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", path, diff)
	}
}

// get fetches a URL from the client host.
func (s shell) get(url string) (string, error) {
	resp, err := s.cluster.Client().HTTPClient().Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// answers waits until a URL answers on the client host with a text that
// contains want.
func (s shell) answers(url, want string) {
	s.t.Helper()
	rig.Eventually(s.t, 20*time.Second, func() error {
		body, err := s.get(url)
		if err == nil && !strings.Contains(body, want) {
			err = errors.New(url + " answered " + body)
		}
		return err
	})
}
