//go:build linux

// Command node measures kube-proxy and the engine on one node of a cluster: the
// same client host, the same backends on another node, the same EndpointSlice; a
// node port that kube-proxy serves, and beside it one that the engine does. They
// are measured in turn; medians and their ratio are printed. It needs root, as
// the rig does.
//
//	go run ./test/bench/node [-rounds 5 -time 2s -changes 20]
package main

import (
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
		fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] { // the program is its own backend and its own client, in the networks of hosts
		case "backend":
			return backend(args[1])
		case "load":
			return printLoad(args[1], args[2], args[3])
		}
	}
	flags := flag.NewFlagSet("node", flag.ContinueOnError)
	rounds := flags.Int("rounds", 5, "counted rounds of each load")
	long := flags.Duration("time", 2*time.Second, "how long a load lasts")
	changes := flags.Int("changes", 20, "how often the endpoint is changed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s, err := newScene(ctx)
	defer s.end()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "medians of %d\tdirect\tkube-proxy\tours\tours to kube-proxy\n", *rounds)
	for _, load := range []string{newConnections, keptRequests} {
		if err := s.loadLines(ctx, w, load, *rounds, *long); err != nil {
			return err
		}
	}
	if err := s.changeLine(ctx, w, *changes); err != nil {
		return err
	}
	return w.Flush()
}

// loadLines puts a load on each way in turn; the first round is not counted.
func (s *scene) loadLines(ctx context.Context, w *tabwriter.Writer, load string, rounds int, long time.Duration) error {
	ways := []string{s.direct, s.proxied, s.engines}
	rates, slowest := make([][]float64, len(ways)), make([][]float64, len(ways))
	for round := range rounds + 1 {
		for i, way := range ways {
			rate, p99, err := s.load(ctx, load, way, long)
			if err != nil {
				return fmt.Errorf("%s at %s: %w", load, way, err)
			}
			if round > 0 {
				rates[i], slowest[i] = append(rates[i], rate), append(slowest[i], p99)
			}
		}
	}
	line(w, load+", 1/s", "%.0f", rates)
	line(w, load+", p99 ms", "%.2f", slowest)
	return nil
}

// changeLine changes the endpoint, for kube-proxy and for the engine in turn.
func (s *scene) changeLine(ctx context.Context, w *tabwriter.Writer, changes int) error {
	took := make([][]float64, 3)
	for range changes {
		for i, way := range []string{s.proxied, s.engines} {
			d, err := s.change(ctx, way)
			if err != nil {
				return fmt.Errorf("a change at %s: %w", way, err)
			}
			took[i+1] = append(took[i+1], d.Seconds()*1000)
		}
	}
	line(w, "slice changed to first connection, ms", "%.0f", took)
	return nil
}

func line(w *tabwriter.Writer, name, format string, figures [][]float64) {
	kubeProxy, ours := median(figures[1]), median(figures[2])
	direct := "-"
	if len(figures[0]) > 0 {
		direct = fmt.Sprintf(format, median(figures[0]))
	}
	fmt.Fprintf(w, "%s\t%s\t"+format+"\t"+format+"\t%.2f\n", name, direct, kubeProxy, ours, ours/kubeProxy)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
