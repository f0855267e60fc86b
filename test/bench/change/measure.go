//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// cost is what one call took.
type cost struct {
	time  time.Duration
	bytes uint64
}

// costOf measures a call alone: it begins with the rubbish of others collected.
func costOf(call func()) cost {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	call()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return cost{took, after.TotalAlloc - before.TotalAlloc}
}

func (c cost) String() string {
	return fmt.Sprintf("%s, %.1f KiB", rounded(c.time), float64(c.bytes)/1024)
}

func rounded(d time.Duration) time.Duration {
	switch {
	case d > 100*time.Millisecond:
		return d.Round(time.Millisecond)
	case d > time.Millisecond:
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(100 * time.Nanosecond)
}

func median(costs []cost) cost {
	slices.SortFunc(costs, func(a, b cost) int { return int(a.time - b.time) })
	return costs[len(costs)/2]
}

// measure returns the cells of a line.
func measure(of size, rounds int) ([]string, error) {
	world, err := newWorld(of)
	if err != nil {
		return nil, err
	}
	defer world.close()
	var failed []error
	e := engine.New(engine.Options{Events: func(event engine.Event) {
		if event.Kind == engine.PortFailed {
			failed = append(failed, event.Err)
		}
	}})
	defer shutDown(e)
	var table *route.Table
	cells := []string{costOf(func() { table = world.table() }).String(), "", costOf(func() { e.Execute(table) }).String()}
	if len(failed) > 0 {
		return nil, failed[0]
	}
	var building, none, one, connecting []cost
	for range rounds {
		none = append(none, costOf(func() { e.Execute(table) }))
		world.change()
		building = append(building, costOf(func() { table = world.table() }))
		var started time.Time
		one = append(one, costOf(func() { started = time.Now(); e.Execute(table) }))
		// The change is told twice, as its cost is measured by another clock.
		world.change()
		table = world.table()
		started = time.Now()
		e.Execute(table)
		if err := world.meet(); err != nil {
			return nil, err
		}
		connecting = append(connecting, cost{time: time.Since(started)})
	}
	cells[1] = median(building).String()
	return append(cells, median(none).String(), median(one).String(), rounded(median(connecting).time).String()), nil
}

func shutDown(e *engine.Engine) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = e.Shutdown(ended)
}

// meet connects to the service that changes, and wants the answer of the
// endpoint that it has now.
func (w *world) meet() error {
	conn, err := net.Dial("tcp", w.at)
	if err != nil {
		return err
	}
	defer conn.Close()
	answer, err := io.ReadAll(conn)
	if err == nil && string(answer) != w.names[w.turn] {
		err = errors.New("the endpoint of before answered")
	}
	return err
}
