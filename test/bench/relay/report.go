//go:build linux

package main

import (
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
				figures, err := l.once(ctx, p)
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
	fmt.Fprintln(table, header)
	for _, name := range slices.Sorted(maps.Keys(b.results)) {
		line := name
		base := median(b.results[name][reference])
		for _, p := range b.peers {
			line += "\t" + cell(median(b.results[name][p.name]), base)
		}
		fmt.Fprintln(table, line)
	}
	return table.Flush()
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

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// usage is the memory, in bytes, of a peer's processes: those of its group.
func (p *peer) usage() (int64, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	pages := int64(0)
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended since
		}
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		if len(fields) < 22 || fields[2] != strconv.Itoa(p.cmd.Process.Pid) {
			continue
		}
		resident, err := strconv.ParseInt(fields[21], 10, 64)
		if err != nil {
			return 0, err
		}
		pages += resident
	}
	return pages * int64(os.Getpagesize()), nil
}
