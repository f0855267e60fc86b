//go:build linux

// Command change measures what a change costs the forwarding engine: services
// of 250 endpoints each, of which one changes, and how long it takes until a
// connection is led to the endpoint that is new. All is on loopback.
//
//	go run ./test/bench/change [-services 1,10,100,1000,2500 -endpoints 250 -nodes 3 -rounds 20]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "change:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("change", flag.ContinueOnError)
	counts := flags.String("services", "1,10,100,1000,2500", "how many services there are, one size after the other")
	endpoints := flags.Int("endpoints", 250, "endpoints of each service")
	nodes := flags.Int("nodes", 3, "nodes, each with an address of loopback")
	rounds := flags.Int("rounds", 20, "counted rounds of each")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := raiseLimit(); err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "medians of %d\ttable, first\ttable, one changed\texecute, first\texecute, none changed\texecute, one changed\tchange to first connection\n", *rounds)
	for count := range strings.SplitSeq(*counts, ",") {
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 {
			return fmt.Errorf("-services: %q is no number of services", count)
		}
		line, err := measure(size{services: n, endpoints: *endpoints, nodes: *nodes}, *rounds)
		if err != nil {
			return fmt.Errorf("%d services: %w", n, err)
		}
		fmt.Fprintf(table, "%d services\t%s\n", n, strings.Join(line, "\t"))
	}
	return table.Flush()
}

// raiseLimit lets this process have as many files open as the system allows: one
// for each node port on each node.
func raiseLimit() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
