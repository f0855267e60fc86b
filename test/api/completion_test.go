package api

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// TestKubectlCompletesThePlugin asks kubectl itself, as the shell does on Tab.
func TestKubectlCompletesThePlugin(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: the program that kubectl asks is a shell script")
	}
	c := rig.StartAPI(t)
	u := admin(t, c)
	c.Apply(t, u.namespace, manifest("web", "[{port: 80, nodePort: 30071}]"))
	c.Apply(t, u.namespace, strings.Replace(manifest("inside", "[{port: 80}]"), "NodePort", "ClusterIP", 1))
	c.Apply(t, u.namespace, deployment)
	node(t, c, "complete-1", "127.0.0.4")
	pod(t, c, u.namespace, "solo", "complete-1", "10.2.1.7", true)
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "kubectl-nodeport"), "../../cmd/kubectl-nodeport")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	script, err := os.ReadFile("../../plugins/kubectl_complete-nodeport")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "kubectl_complete-nodeport"), script, 0o755); err != nil {
		t.Fatal(err)
	}
	environment := append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "KUBECONFIG="+u.kubeconfig)
	ask := func(program string, args ...string) string {
		cmd := exec.Command(program, args...)
		cmd.Env = environment
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %v: %v", program, args, err)
		}
		return string(out)
	}
	for _, test := range []struct {
		typed    []string
		want     []string
		unwanted string
	}{
		{[]string{""}, []string{"get\t", "ports\t", "completion\t"}, "__complete"},
		{[]string{"get", ""}, []string{"web\n"}, "inside"},
		{[]string{"get", "web", ""}, nil, "web"},
		{[]string{"get", "--no"}, []string{"--no-headers\t", "--node\t"}, "--all"},
		{[]string{"get", "--node", ""}, []string{"complete-1\n"}, "web"},
		{[]string{"create", ""}, []string{"solo\n", "deployment/\n"}, "\nweb\n"},
		{[]string{"create", "deploy/"}, []string{"deploy/web\n"}, "solo"},
		{[]string{"create", "deployment", ""}, []string{"web\n"}, "solo"},
		{[]string{"expose-check", ""}, []string{"web\n", "deployment/\n"}, "solo"},
		{[]string{"ports", ""}, []string{"30071\t" + u.namespace + "/web, port 80\n"}, ""},
		{[]string{"get", "-o", "j"}, []string{"json\n", "jsonpath\n"}, "yaml"},
		{[]string{"get", "-n", u.namespace[:3]}, []string{u.namespace + "\n"}, "web"},
	} {
		typed := append([]string{test.typed[0]}, test.typed[1:]...)
		if len(typed) > 1 && typed[len(typed)-2] != "-n" {
			typed = append(typed[:1:1], append([]string{"-n", u.namespace}, typed[1:]...)...)
		}
		for _, got := range []string{
			ask(c.Program("kubectl"), append([]string{"__complete", "nodeport"}, typed...)...),
			ask(filepath.Join(bin, "kubectl-nodeport"), append([]string{"__complete"}, typed...)...),
		} {
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not offered for %q:\n%s", want, test.typed, got)
				}
			}
			if test.unwanted != "" && strings.Contains(got, test.unwanted) {
				t.Errorf("%q is offered for %q:\n%s", test.unwanted, test.typed, got)
			}
		}
	}
}

func TestVersionTellsThatOfTheServer(t *testing.T) {
	c := rig.StartAPI(t)
	u := admin(t, c)
	r := u.succeeds(u.run("version", "-o", "jsonpath={.server.version}"))
	if !strings.HasPrefix(r.out, "v1.") {
		t.Errorf("it is %q", r.out)
	}
}
