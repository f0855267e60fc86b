//go:build unix

// Command tunnel measures kubectl nodeport forward beside kubectl port-forward,
// on a cluster with a node: each is a program on the client host that leads to
// the same service. They are measured in turn, A B A B …, so that they meet the
// same noise of the machine; medians and ratios are printed. krelay is measured
// as well where a folder is given that has its programs, client and server.
//
//	go run ./test/bench/tunnel [-runs 5 -for 2s -delay 25ms -only load -krelay FOLDER]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/bench/internal/harness"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func main() {
	if code, ok := rig.Parent(); ok {
		os.Exit(code)
	}
	os.Exit(harness.Main("tunnel", run))
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("tunnel", flag.ContinueOnError)
	runs := flags.Int("runs", 5, "counted runs of each")
	lasting := flags.Duration("for", 2*time.Second, "how long each run lasts")
	delay := flags.Duration("delay", 25*time.Millisecond, "how long bytes take to the API server, and back, for the first byte of connections")
	only := flags.String("only", "", "measure only what has this in its name, of that with one pod")
	krelay := flags.String("krelay", "", "folder with krelay's programs client and server, to be measured too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "nodeport-tunnel-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	program, err := harness.Build(ctx, folder)
	if err != nil {
		return err
	}
	cluster, err := rig.Up(ctx, false, rig.Nodes(1))
	if err != nil {
		return err
	}
	defer func() { _ = cluster.End(false) }()
	b := &bench{cluster: cluster, folder: folder, runs: *runs, tools: []tool{ours(program), portForward()}}
	if *krelay == "" {
		fmt.Fprintln(os.Stderr, "tunnel: krelay is left out; give -krelay FOLDER")
	} else if err := b.addKrelay(ctx, *krelay); err != nil {
		return err
	}
	if *only != "" {
		return b.some(ctx, *only, *lasting)
	}
	return errors.Join(b.onePod(ctx, *lasting, *delay), b.growing(ctx, *lasting))
}

// some measures with one pod only what has a word in its name.
func (b *bench) some(ctx context.Context, word string, lasting time.Duration) error {
	jobs := slices.DeleteFunc(measures(lasting), func(m measure) bool { return !strings.Contains(m.job, word) })
	if len(jobs) == 0 {
		return fmt.Errorf("nothing that is measured has %q in its name", word)
	}
	if err := b.deploy(ctx, "web", ""); err != nil {
		return err
	}
	return b.table(ctx, "one pod", jobs, b.cluster.Kubeconfig(), "web", 1)
}

// onePod measures all that there is with one pod.
func (b *bench) onePod(ctx context.Context, lasting, delay time.Duration) error {
	if err := b.deploy(ctx, "web", ""); err != nil {
		return err
	}
	jobs := measures(lasting)
	if err := b.table(ctx, "one pod", jobs, b.cluster.Kubeconfig(), "web", 1); err != nil {
		return err
	}
	config, stop, err := b.delayed(ctx, delay)
	if err != nil {
		return err
	}
	defer stop()
	first := []measure{{fmt.Sprintf("first byte at a round trip of %s, ms", 2*delay), firstByte}}
	return b.table(ctx, "one pod, API server far away", first, config, "web", 1)
}

// growing measures what more pods bring: where the machine is what limits, and
// where pods are, of which each has a small part of a processor.
func (b *bench) growing(ctx context.Context, lasting time.Duration) error {
	if err := b.deploy(ctx, "small", smallPart); err != nil {
		return err
	}
	if err := b.grow(ctx, "web", "pod without limits", lasting); err != nil {
		return err
	}
	return b.grow(ctx, "small", "pod with "+smallPart+" of a processor each", lasting)
}

// grow measures a service with more and more pods, and leaves it one.
func (b *bench) grow(ctx context.Context, service, what string, lasting time.Duration) error {
	for _, pods := range []int{1, 2, 4, 8} {
		if err := b.scale(ctx, service, pods); err != nil {
			return err
		}
		if err := b.table(ctx, fmt.Sprintf("%d × %s", pods, what), growth(lasting), b.cluster.Kubeconfig(), service, pods); err != nil {
			return err
		}
	}
	return b.scale(ctx, service, 1)
}
