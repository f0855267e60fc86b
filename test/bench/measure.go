//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/bench/internal/harness"
)

// bench runs commands against one cluster.
type bench struct {
	runs       int
	kubeconfig string
}

// figures are what one run of a command cost, as the system accounts it.
type figures struct {
	wall, cpu time.Duration
	peak      int64 // bytes
}

// table runs the comparisons and writes a line for each.
func (b *bench) table(ctx context.Context, w io.Writer, comparisons []comparison) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "job\tours\tkubectl\twall ratio\tCPU ratio\tpeak memory\tkubectl")
	for _, c := range comparisons {
		ours, theirs, err := b.compare(ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.job, err)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%.2f\t%.2f\t%s\t%s\n", c.job,
			milliseconds(ours.wall), milliseconds(theirs.wall),
			ratio(ours.wall, theirs.wall), ratio(ours.cpu, theirs.cpu), mebibytes(ours.peak), mebibytes(theirs.peak))
	}
	sizes, err := binarySizes(comparisons[0])
	if err != nil {
		return err
	}
	fmt.Fprintln(table, sizes)
	return table.Flush()
}

// compare runs both commands in turn, once unmeasured, and returns medians.
func (b *bench) compare(ctx context.Context, c comparison) (ours, theirs figures, err error) {
	var a, z []figures
	for i := range b.runs + 1 {
		one, err := b.once(ctx, c.ours)
		if err != nil {
			return ours, theirs, err
		}
		other, err := b.once(ctx, c.theirs)
		if err != nil {
			return ours, theirs, err
		}
		if i > 0 {
			a, z = append(a, one), append(z, other)
		}
	}
	return median(a), median(z), nil
}

func (b *bench) once(ctx context.Context, command []string) (figures, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+b.kubeconfig)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return figures{}, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return figures{}, err
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		return figures{}, err
	}
	if err := cmd.Wait(); err != nil {
		return figures{}, err
	}
	return figures{
		wall: time.Since(start),
		cpu:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		peak: peak(cmd.ProcessState),
	}, nil
}

// peak is the most memory that the process held. Only Darwin counts it in
// bytes; the others count in KiB.
func peak(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return usage.Maxrss
	}
	return usage.Maxrss * 1024
}

// median takes that of each figure by itself.
func median(runs []figures) figures {
	var walls, cpus []time.Duration
	var peaks []int64
	for _, f := range runs {
		walls, cpus, peaks = append(walls, f.wall), append(cpus, f.cpu), append(peaks, f.peak)
	}
	return figures{harness.Median(walls), harness.Median(cpus), harness.Median(peaks)}
}

func binarySizes(c comparison) (string, error) {
	ours, err := os.Stat(c.ours[0])
	if err != nil {
		return "", err
	}
	theirs, err := os.Stat(c.theirs[0])
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("size of the program\t%s\t%s\t%.2f", mebibytes(ours.Size()), mebibytes(theirs.Size()),
		float64(ours.Size())/float64(theirs.Size())), nil
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
