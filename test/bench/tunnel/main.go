//go:build unix

// Command tunnel measures pkg/tunnel beside kubectl port-forward, on a cluster
// with nodes: to one pod, from the client host, each behind a listener there.
// The two are measured in turn, A B A B …; medians and their ratio are printed.
//
//	go run ./test/bench/tunnel [-runs 5 -for 2s]
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func main() {
	if code, ok := rig.Parent(); ok {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tunnel:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("tunnel", flag.ContinueOnError)
	runs := flags.Int("runs", 5, "counted runs of each")
	lasting := flags.Duration("for", 2*time.Second, "how long each run lasts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	cluster, err := rig.Up(ctx, false, rig.Nodes(1))
	if err != nil {
		return err
	}
	defer func() { _ = cluster.End(false) }()
	pod, err := startPod(ctx, cluster)
	if err != nil {
		return err
	}
	ours, stop, err := relay(ctx, cluster, pod)
	if err != nil {
		return err
	}
	defer stop()
	theirs, end, err := portForward(ctx, cluster)
	if err != nil {
		return err
	}
	defer end()
	return table(ctx, measures(*lasting), *runs, &target{cluster.Client(), ours}, &target{cluster.Client(), theirs})
}

// measure is one job, and how much of it was done in a second.
type measure struct {
	job string
	run func(ctx context.Context, t *target) (float64, error)
}

func table(ctx context.Context, measures []measure, runs int, ours, theirs *target) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "job\tours\tport-forward\tratio")
	for _, m := range measures {
		var figures [2][]float64
		for range runs {
			for i, t := range []*target{ours, theirs} {
				figure, err := m.run(ctx, t)
				if err != nil {
					return fmt.Errorf("%s: %w", m.job, err)
				}
				figures[i] = append(figures[i], figure)
			}
		}
		a, b := median(figures[0]), median(figures[1])
		fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.2f\n", m.job, a, b, a/b)
	}
	return w.Flush()
}

func median[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}
