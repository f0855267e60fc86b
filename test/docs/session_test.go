package docs

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// namespace is that of every page, made anew for each.
const namespace = "docs"

// session runs the commands of one page.
type session struct {
	t *testing.T
	// dir is the working directory at first, home what is no file of the page.
	dir, home string
	// terminals are by their place and name.
	terminals map[string]*terminal
	// clusters are the rigs in use, by their place.
	clusters map[string]*rig.Cluster
	// nowhere is the first shell of the place none, in whose network others join.
	nowhere *exec.Cmd
}

func newSession(t *testing.T) *session {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("skipped: the terminals of this test need Linux")
	}
	return &session{t: t, dir: t.TempDir(), home: t.TempDir(), terminals: map[string]*terminal{}, clusters: map[string]*rig.Cluster{}}
}

// write writes a file of the page.
func (s *session) write(name string, lines []string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// terminal returns the terminal that the words of a mark name, opened when it
// is first asked for.
func (s *session) terminal(words []string) *terminal {
	s.t.Helper()
	place, name := "", "1"
	for _, word := range words {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "terminal":
			name = value
		case "stays", "image":
		default:
			place += word
		}
	}
	if term := s.terminals[place+name]; term != nil {
		return term
	}
	var shell *exec.Cmd
	switch place {
	case "none":
		shell = s.shellWithoutCluster()
	case "api":
		shell = s.shellOf(place, func() *rig.Cluster { return rig.StartAPI(s.t) })
	case "client":
		shell = s.shellOf(place, func() *rig.Cluster { return rig.Start(s.t, rig.Nodes(3)) })
	default:
		shell = s.shellInside(place)
	}
	if place == "client" {
		s.clusters[place].NeedImages(s.t)
	}
	term := open(s.t, shell)
	s.terminals[place+name] = term
	return term
}

// shellOf is a shell on the client host of a rig, whose namespace is docs.
func (s *session) shellOf(place string, start func() *rig.Cluster) *exec.Cmd {
	s.t.Helper()
	c, config := s.clusters[place], filepath.Join(s.home, "kubeconfig-"+place)
	if c == nil {
		c = start()
		s.clusters[place] = c
		s.makeNamespace(c)
		s.copyKubeconfig(c, config)
	}
	shell := c.Client().Command(context.Background(), "bash", "--norc")
	s.prepare(shell, config)
	return shell
}

// shellInside is a shell on another host of the rig of the place client.
func (s *session) shellInside(host string) *exec.Cmd {
	s.t.Helper()
	s.terminal([]string{"client"})
	h, err := s.clusters["client"].Host(host)
	if err != nil {
		s.t.Fatalf("no such place: %q; it is none, api, client, or a host of the cluster: %v", host, err)
	}
	return h.Inside(context.Background(), "bash", "--norc")
}

// shellWithoutCluster is a shell in a network of its own where that may be
// had, so that pages that listen on node ports meet nobody else's.
func (s *session) shellWithoutCluster() *exec.Cmd {
	enter := []string{}
	switch {
	case os.Geteuid() != 0:
	case s.nowhere == nil:
		enter = []string{"unshare", "--net", "--", "sh", "-c", `ip link set lo up && exec "$@"`, "sh"}
	default:
		enter = []string{"nsenter", "--net=/proc/" + strconv.Itoa(s.nowhere.Process.Pid) + "/ns/net", "--"}
	}
	args := append(enter, "bash", "--norc")
	shell := exec.Command(args[0], args[1:]...)
	shell.Env = os.Environ()
	if _, err := exec.LookPath("kubectl"); err != nil {
		shell.Env = append(shell.Env, `BASH_FUNC_kubectl%%=() { [ "$1" = nodeport ] && shift && kubectl-nodeport "$@"; }`)
	}
	s.prepare(shell, filepath.Join(s.home, "no-kubeconfig"))
	if s.nowhere == nil {
		s.nowhere = shell
	}
	return shell
}

// prepare gives the shell the plugin, and nothing of whoever runs the test.
func (s *session) prepare(shell *exec.Cmd, kubeconfig string) {
	repo, err := filepath.Abs(root)
	if err != nil {
		s.t.Fatal(err)
	}
	path := os.Getenv("PATH")
	for _, pair := range shell.Env {
		if value, ok := strings.CutPrefix(pair, "PATH="); ok {
			path = value
		}
	}
	shell.Dir = s.dir
	shell.Env = append(shell.Env, "PATH="+plugin+string(os.PathListSeparator)+path, "KUBECONFIG="+kubeconfig, "HOME="+s.home,
		"PWD="+s.dir, "REPO="+repo, "IMAGE="+rig.SrvImage(), "LC_ALL=C.UTF-8", "TERM=xterm", "NO_COLOR=", "PS1=")
}

func (s *session) copyKubeconfig(c *rig.Cluster, to string) {
	s.t.Helper()
	text, err := os.ReadFile(c.Kubeconfig())
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	set := c.Client().Command(s.t.Context(), "kubectl", "config", "set-context", "--current", "--namespace="+namespace)
	set.Env = append(set.Env, "KUBECONFIG="+to)
	if out, err := set.CombinedOutput(); err != nil {
		s.t.Fatalf("kubectl config set-context: %v\n%s", err, out)
	}
}

// makeNamespace makes the namespace when that of the last page has gone, and
// has it deleted when the page was run.
func (s *session) makeNamespace(c *rig.Cluster) {
	s.t.Helper()
	rig.Eventually(s.t, time.Minute, func() error {
		_, err := c.Core().Namespaces().Create(s.t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
		return err
	})
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		now := metav1.DeleteOptions{GracePeriodSeconds: new(int64)}
		err := c.Core().Pods(namespace).DeleteCollection(ctx, now, metav1.ListOptions{})
		if err := errors.Join(err, c.Core().Namespaces().Delete(ctx, namespace, now)); err != nil {
			s.t.Errorf("delete namespace %s: %v", namespace, err)
		}
	})
}
