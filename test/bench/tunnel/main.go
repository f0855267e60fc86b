//go:build unix

// Command tunnel measures pkg/tunnel beside kubectl port-forward, on a cluster
// with nodes: to one pod, from the client host, each behind a listener there.
// The two are measured in turn, A B A B …; medians and their ratio are printed.
//
//	go run ./test/bench/tunnel [-runs 5 -for 2s -delay 25ms]
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel"
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
	delay := flags.Duration("delay", 25*time.Millisecond, "how long bytes take to the API server, and back, for the first byte of connections")
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
	near, stop, err := pairOf(ctx, cluster, pod, "")
	if err != nil {
		return err
	}
	defer stop()
	way, stop, err := delayed(ctx, cluster, *delay)
	if err != nil {
		return err
	}
	defer stop()
	far, stop, err := pairOf(ctx, cluster, pod, way)
	if err != nil {
		return err
	}
	defer stop()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "job\tours\tport-forward\tratio")
	for _, m := range measures(*lasting) {
		if err := m.line(ctx, w, *runs, near); err != nil {
			return err
		}
	}
	last := measure{fmt.Sprintf("first byte at a round trip of %s, ms", 2**delay), firstByte}
	if err := last.line(ctx, w, *runs, far); err != nil {
		return err
	}
	return w.Flush()
}

// pairOf is ours and theirs, with the API server at an address, or where it is.
func pairOf(ctx context.Context, cluster *rig.Cluster, pod tunnel.Pod, server string) (pair [2]*target, stop func(), err error) {
	ours, stopOurs, err := relay(ctx, cluster, pod, server)
	if err != nil {
		return pair, nil, err
	}
	theirs, stopTheirs, err := portForward(ctx, cluster, server)
	if err != nil {
		stopOurs()
		return pair, nil, err
	}
	pair = [2]*target{{cluster.Client(), ours}, {cluster.Client(), theirs}}
	return pair, func() { stopOurs(); stopTheirs() }, nil
}

// measure is one job, and a figure of it.
type measure struct {
	job string
	run func(ctx context.Context, t *target) (float64, error)
}

// line measures both in turn and writes a line of the table.
func (m measure) line(ctx context.Context, w io.Writer, runs int, pair [2]*target) error {
	var figures [2][]float64
	for range runs {
		for i, t := range pair {
			figure, err := m.run(ctx, t)
			if err != nil {
				return fmt.Errorf("%s: %w", m.job, err)
			}
			figures[i] = append(figures[i], figure)
		}
	}
	ours, theirs := median(figures[0]), median(figures[1])
	fmt.Fprintf(w, "%s\t%.0f\t%.0f\t%.2f\n", m.job, ours, theirs, ours/theirs)
	return nil
}

func median[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}
