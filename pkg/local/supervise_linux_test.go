package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// superviseArgument makes the test binary a supervisor.
const superviseArgument = "supervise"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == superviseArgument {
		os.Exit(Supervise(os.Args[2]))
	}
	os.Exit(m.Run())
}

func testSupervisor() []string { return []string{"/proc/self/exe", superviseArgument} }

func TestASupervisedCommandEndsWithAllThatItHasStarted(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skipf("skipped: %v", err)
	}
	for name, start := range map[string]string{
		"a child":                             `sleep 1000 & echo "child $!"; wait`,
		"a child of a session of its own":     `setsid sh -c 'echo "child $$"; exec sleep 1000' & wait`,
		"a daemon without a parent":           `(setsid sh -c 'echo "child $$"; exec sleep 1000' &); sleep 1000`,
		"a daemon without environment":        `(env -i setsid sh -c 'echo "child $$"; exec sleep 1000' &); sleep 1000`,
		"one that does not end when asked":    `trap '' TERM; echo "child $$"; while :; do sleep 1000; done`,
		"a daemon whose parent starts others": `(setsid sh -c 'echo "child $$"; while :; do (sleep 0.01 &); sleep 0.02; done' &); sleep 1000`,
	} {
		t.Run(name, func(t *testing.T) {
			inFolder(t)
			events := newAwaited()
			c, err := New(Options{Nodes: 1, Events: events.event, Supervisor: testSupervisor(), Commands: []Command{{Name: "web-1", Line: start}}})
			if err != nil {
				t.Fatal(err)
			}
			c.Load(read(t, fmt.Sprintf(probed, freePort(t))))
			child, err := strconv.Atoi(strings.TrimPrefix(events.until(t, Log, "child ").Message, "child "))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // as a second Ctrl-C does
			_ = c.Shutdown(ctx)
			if err := awaitGone(child); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatACommandLeavesEndsBeforeItIsStartedAgain(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skipf("skipped: %v", err)
	}
	inFolder(t)
	events := newAwaited()
	run(t, Options{Nodes: 1, Events: events.event, Supervisor: testSupervisor(), Commands: []Command{{
		Name: "web-1", Line: `setsid sh -c 'echo "child $$"; exec sleep 1000' & sleep 0.2; exit 3`,
	}}}, fmt.Sprintf(probed, freePort(t)))
	child, err := strconv.Atoi(strings.TrimPrefix(events.until(t, Log, "child ").Message, "child "))
	if err != nil {
		t.Fatal(err)
	}
	events.until(t, CommandEnded, "it has ended: exit status 3; it is started again in 1s")
	if err := awaitGone(child); err != nil {
		t.Error(err)
	}
}

func TestASupervisedCommandIsAskedToEndFirst(t *testing.T) {
	inFolder(t)
	events := newAwaited()
	c, err := New(Options{Nodes: 1, Events: events.event, Supervisor: testSupervisor(), Commands: []Command{{
		Name: "web-1", Line: `trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.01; done`,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	c.Load(read(t, fmt.Sprintf(probed, freePort(t))))
	events.until(t, Log, "ready")
	_ = c.Shutdown(t.Context())
	events.until(t, Log, "asked")
}
