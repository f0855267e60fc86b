package cli

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

var update = flag.Bool("update", false, "write into the scripts what the commands print")

// TestScripts runs what needs no cluster as a user would: testdata/script
// holds command lines with the files that they work on. In them
//
//	nodeport [-stdin FILE] [-code N] ARG ...
//
// runs the program in this process. It must succeed, fail with exit code 1
// behind a "!", or end with exit code N.
func TestScripts(t *testing.T) {
	dir, err := filepath.Abs(filepath.Join("testdata", "script")) // the working directory changes
	if err != nil {
		t.Fatal(err)
	}
	ownSockets(t)
	s := &scripts{}
	commands := s.runCommands()
	commands["nodeport"] = s.nodeport
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		UpdateScripts:       *update,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("KUBECONFIG", filepath.Join(env.WorkDir, "kubeconfig"))
			env.Setenv("LC_ALL", "C.UTF-8")
			return freePort(env)
		},
		Cmds: commands,
	})
}

// scripts run one command at a time: a process has but one working directory.
type scripts struct {
	mu sync.Mutex
	// running are the programs that scripts have started beside them.
	running map[*testscript.TestScript]map[string]*running
}

func (s *scripts) nodeport(ts *testscript.TestScript, neg bool, args []string) {
	want, in := 0, ""
	if neg {
		want = 1
	}
	for len(args) > 1 && (args[0] == "-stdin" || args[0] == "-code") {
		if args[0] == "-stdin" {
			in = ts.ReadFile(args[1])
		} else {
			n, err := strconv.Atoi(args[1])
			ts.Check(err)
			want = n
		}
		args = args[2:]
	}
	if code := s.run(ts, in, args); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func (s *scripts) run(ts *testscript.TestScript, in string, args []string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range []string{"KUBECONFIG", "LC_ALL", "HOME"} {
		defer setenv(ts, name, ts.Getenv(name))()
	}
	back, err := os.Getwd()
	ts.Check(err)
	ts.Check(os.Chdir(ts.MkAbs(".")))
	defer func() { ts.Check(os.Chdir(back)) }()
	streams := genericiooptions.IOStreams{In: strings.NewReader(in), Out: ts.Stdout(), ErrOut: ts.Stderr()}
	return Run(context.Background(), args, streams)
}

func setenv(ts *testscript.TestScript, name, value string) (restore func()) {
	before, had := os.LookupEnv(name)
	ts.Check(os.Setenv(name, value))
	return func() {
		if had {
			ts.Check(os.Setenv(name, before))
		} else {
			ts.Check(os.Unsetenv(name))
		}
	}
}
