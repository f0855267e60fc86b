//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/bench/internal/harness"
)

// bench collects figures: by their names, then by peer.
type bench struct {
	peers   []*peer
	rounds  int
	results map[string]map[string][]float64
}

// run puts every load on every peer in turn; the first round is not counted.
func (b *bench) run(ctx context.Context, loads []load) error {
	for _, l := range loads {
		for round := range b.rounds + 1 {
			for _, p := range b.peers {
				if l.udp && !p.udp {
					continue
				}
				figures, err := p.measured(ctx, l)
				if err != nil {
					return fmt.Errorf("%s through %s: %w", l.name, p.name, err)
				}
				if round > 0 {
					b.note(p, figures)
				}
			}
		}
	}
	return ctx.Err()
}

// measured puts a load on a peer, and adds what each unit of it costs the peer
// in processor time, which other work on the machine disturbs least.
func (p *peer) measured(ctx context.Context, l load) (map[string]float64, error) {
	before, err := p.usage()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	figures, err := l.once(ctx, p)
	if err != nil || l.unit == "" {
		return figures, err
	}
	took := time.Since(start).Seconds()
	after, err := p.usage()
	figures[l.name+", CPU µs each"] = float64((after.cpu - before.cpu).Microseconds()) / (figures[l.unit] * took)
	return figures, err
}

func (b *bench) note(p *peer, figures map[string]float64) {
	for name, value := range figures {
		if b.results[name] == nil {
			b.results[name] = map[string][]float64{}
		}
		b.results[name][p.name] = append(b.results[name][p.name], value)
	}
}

// print writes a line for each figure: medians, and in brackets their ratio to
// the reference.
func (b *bench) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	header := "medians of " + strconv.Itoa(b.rounds)
	for _, p := range b.peers {
		header += "\t" + p.name
	}
	fmt.Fprintln(table, header+"\tours to the better\tours to direct")
	for _, name := range slices.Sorted(maps.Keys(b.results)) {
		line := name
		base := harness.Median(b.results[name][reference])
		for _, p := range b.peers {
			line += "\t" + cell(harness.Median(b.results[name][p.name]), base)
		}
		ours := b.results[name][engineName]
		line += "\t" + ratio(ours, b.better(name)) + "\t"
		if isRate(name) {
			line += ratio(ours, b.results[name][directName])
		}
		fmt.Fprintln(table, line)
	}
	return table.Flush()
}

// better returns the figures of the better of the peers that the engine is
// compared with: those with more in a second, or with less of anything else.
func (b *bench) better(name string) []float64 {
	var best []float64
	for _, peer := range []string{reference, "nginx"} {
		values := b.results[name][peer]
		median, least := harness.Median(values), harness.Median(best)
		if median > 0 && (least == 0 || (median > least) == isRate(name)) {
			best = values
		}
	}
	return best
}

// isRate reports whether a figure is better when it is higher.
func isRate(name string) bool { return strings.HasSuffix(name, "/s") }

// ratio is the median of the ratios of one peer's rounds to another's.
func ratio(ours, theirs []float64) string {
	var ratios []float64
	for i := range min(len(ours), len(theirs)) {
		if theirs[i] > 0 {
			ratios = append(ratios, ours[i]/theirs[i])
		}
	}
	if len(ratios) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", harness.Median(ratios))
}

func cell(value, base float64) string {
	switch {
	case value == 0:
		return "-"
	case base == 0:
		return fmt.Sprintf("%.0f", value)
	}
	return fmt.Sprintf("%.0f (%.2f)", value, value/base)
}

// usage is what a peer's processes, those of its group, hold and have used.
type usage struct {
	memory int64 // bytes
	cpu    time.Duration
}

// tick is the unit in which the kernel tells of processor time.
const tick = 10 * time.Millisecond

func (p *peer) usage() (usage, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return usage{}, err
	}
	var sum usage
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended since
		}
		// What follows the name, which may hold spaces: see proc_pid_stat(5).
		fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
		if len(fields) < 22 || fields[2] != strconv.Itoa(p.cmd.Process.Pid) {
			continue
		}
		for _, field := range []int{11, 12, 13, 14} { // user and system, its own and of children that ended
			ticks, _ := strconv.ParseInt(fields[field], 10, 64)
			sum.cpu += time.Duration(ticks) * tick
		}
		pages, _ := strconv.ParseInt(fields[21], 10, 64)
		sum.memory += pages * int64(os.Getpagesize())
	}
	return sum, nil
}
