//go:build unix

package process

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if code, ok := Main(); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func launch(t *testing.T) (*Client, Config) {
	t.Helper()
	c := Config{Dir: t.TempDir()}
	client, err := Launch(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.End(Ending{}); err != nil {
			t.Error(err)
		}
	})
	return client, c
}

func TestRun(t *testing.T) {
	client, _ := launch(t)
	spec := Spec{Args: []string{"sh", "-c", "cat; echo $WORD >&2; exit 3"}, Env: []string{"WORD=world"}, Stdin: "hello "}
	r, err := client.Run(spec)
	if err != nil || string(r.Output) != "hello world\n" || r.Code != 3 {
		t.Errorf("Run = %q, %d, %v", r.Output, r.Code, err)
	}
	if err := client.Must(spec); err == nil || !strings.Contains(err.Error(), "exit code 3: hello world") {
		t.Errorf("Must = %v", err)
	}
	if _, err := client.Run(Spec{Args: []string{"no-such-program"}}); err == nil {
		t.Error("a program that does not exist ran")
	}
}

func TestStopGivesTimeThenKills(t *testing.T) {
	client, config := launch(t)
	tests := map[string]struct {
		script, want string
		grace        time.Duration
	}{
		"polite":   {"trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done", "exit code 7", 10 * time.Second},
		"stubborn": {"trap '' TERM; echo up; while :; do sleep 0.01; done", "killed by killed", 100 * time.Millisecond},
		"at once":  {"trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done", "killed by killed", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Name: name, Args: []string{"sh", "-c", test.script}}
			if err := client.Start(spec); err != nil {
				t.Fatal(err)
			}
			if err := client.Start(spec); err == nil {
				t.Error("a second program has the same name")
			}
			waitFor(t, filepath.Join(config.Logs(), name+".log"), "up")
			if err := client.Stop(Stop{Name: name, Grace: test.grace}); err != nil {
				t.Fatal(err)
			}
			if s, err := client.Wait(name); err != nil || s.Exited != test.want {
				t.Errorf("%q, %v; want %q", s.Exited, err, test.want)
			}
		})
	}
}

func TestEndKeepsLogsOnRequest(t *testing.T) {
	for _, keep := range []bool{true, false} {
		c := Config{Dir: filepath.Join(t.TempDir(), "rig")}
		client, err := Launch(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Start(Spec{Name: "sleep", Args: []string{"sleep", "1000"}}); err != nil {
			t.Fatal(err)
		}
		if err := client.End(Ending{KeepLogs: keep}); err != nil {
			t.Error(err)
		}
		_, err = os.Stat(filepath.Join(c.Logs(), "sleep.log"))
		if (err == nil) != keep {
			t.Errorf("keep logs %t: %v", keep, err)
		}
		if _, err := os.Stat(filepath.Join(c.Dir, SocketName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is left: %v", err)
		}
	}
}

func TestIdentity(t *testing.T) {
	me, err := Identify(os.Getpid())
	if err != nil || !me.Alive() {
		t.Errorf("this process is not alive: %v", err)
	}
	if other := (Identity{Pid: me.Pid, Start: me.Start + "1"}); other.Alive() {
		t.Error("a process with another start is this one")
	}
	if (Identity{}).Alive() {
		t.Error("no process is alive")
	}
}

// waitFor waits until a program has written a text to its log.
func waitFor(t *testing.T, path, text string) {
	t.Helper()
	for range 500 {
		if got, _ := os.ReadFile(path); strings.Contains(string(got), text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s does not say %q", path, text)
}
