//go:build linux

// Command relay measures the forwarding engine beside HAProxy, nginx and socat:
// one backend behind each, all on loopback, and the same load on one after the
// other, in turns, so that they meet the same noise of the machine. Medians and
// their ratio to HAProxy are printed, and of the engine the median of its ratios,
// round by round, to the better of HAProxy and nginx and to the backend without
// a relay. Peers that are not installed are left out.
//
//	go run ./test/bench/relay [-rounds 5 -time 2s -idle 7000 -only "kept requests"]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/bench/internal/harness"
)

func main() {
	os.Exit(harness.Main("relay", run))
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] { // the program is its own backend, and its own relay
		case "backend":
			return backend(ctx, args[1])
		case "engine":
			return engineRelay(ctx, args[1], args[2])
		}
	}
	flags := flag.NewFlagSet("relay", flag.ContinueOnError)
	rounds := flags.Int("rounds", 5, "counted rounds of each load")
	long := flags.Duration("time", 2*time.Second, "how long a load lasts")
	idle := flags.Int("idle", 7000, "how many idle connections are held")
	only := flags.String("only", "", "the name of the only load to measure")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := raiseLimit(); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "nodeport-relay-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	peers, err := startPeers(ctx, folder)
	defer func() {
		for _, p := range peers {
			p.stop()
		}
	}()
	if err != nil {
		return err
	}
	b := &bench{peers: peers, rounds: *rounds, results: map[string]map[string][]float64{}}
	loads := []load{
		bulk(), newConnections(*long), keptConnections(*long), datagrams(*long), idleConnections(*idle),
	}
	if *only != "" {
		loads = slices.DeleteFunc(loads, func(l load) bool { return l.name != *only })
	}
	if len(loads) == 0 {
		return fmt.Errorf("no load is named %q", *only)
	}
	return errors.Join(b.run(ctx, loads), b.print(os.Stdout))
}

// raiseLimit lets this process and those that it starts have as many files open
// as the system allows: two for each connection that a relay holds.
func raiseLimit() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
