//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/bench/internal/harness"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// bench measures tools on one cluster. The first tool is ours.
type bench struct {
	cluster *rig.Cluster
	folder  string
	runs    int
	tools   []tool
}

// measure is one job, and a figure of it.
type measure struct {
	job string
	run func(ctx context.Context, p *peer) (float64, error)
}

// table starts all tools to a service, with as many pods as that has, and writes
// a line for each measure.
func (b *bench) table(ctx context.Context, title string, measures []measure, kubeconfig, service string, pods int) error {
	var peers []*peer
	defer func() {
		for _, p := range peers {
			p.stop()
		}
	}()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	header := title
	for i, t := range b.tools {
		p, err := b.start(ctx, t, kubeconfig, service, pods)
		if err != nil {
			return err
		}
		peers = append(peers, p)
		header += "\t" + t.name
		if i > 0 {
			header += "\tours to it"
		}
	}
	fmt.Fprintln(w, header)
	for _, m := range measures {
		if err := b.line(ctx, w, m, peers); err != nil {
			return err
		}
	}
	fmt.Fprintln(w)
	return w.Flush()
}

// line measures all in turn, once without counting it, and writes a line.
func (b *bench) line(ctx context.Context, w io.Writer, m measure, peers []*peer) error {
	figures := make([][]float64, len(peers))
	for round := range b.runs + 1 {
		for i, p := range peers {
			figure, err := m.run(ctx, p)
			if err != nil {
				return fmt.Errorf("%s through %s: %w\n%s", m.job, p.name, err, &p.said)
			}
			if round > 0 {
				figures[i] = append(figures[i], figure)
			}
		}
	}
	line := m.job
	own := harness.Median(figures[0])
	for i := range peers {
		figure := harness.Median(figures[i])
		line += fmt.Sprintf("\t%.0f", figure)
		if i > 0 {
			line += fmt.Sprintf("\t%.2f", own/figure)
		}
	}
	_, err := fmt.Fprintln(w, line)
	return err
}
