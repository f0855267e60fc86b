//go:build unix

// Command bench measures the program beside kubectl on a big cluster of
// objects. Commands that do the same job are run in turn, A B A B …, so that
// both meet the same noise of the machine; medians and their ratio are printed.
//
//	go run ./test/bench [-services 2500 -pods 20000 -nodes 500 -runs 11]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/bench/internal/harness"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func main() {
	if code, ok := rig.Parent(); ok {
		os.Exit(code)
	}
	os.Exit(harness.Main("bench", run))
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	size := rig.Size{Namespaces: 10}
	flags.IntVar(&size.Services, "services", 2500, "number of NodePort services")
	flags.IntVar(&size.Pods, "pods", 20000, "number of pods")
	flags.IntVar(&size.Nodes, "nodes", 500, "number of nodes")
	runs := flags.Int("runs", 11, "counted runs of each command")
	if err := flags.Parse(args); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "nodeport-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	program, err := harness.Build(ctx, folder)
	if err != nil {
		return err
	}
	cluster, err := rig.Up(ctx, true, rig.Controllers())
	if err != nil {
		return err
	}
	defer func() { _ = cluster.End(false) }()
	fmt.Fprintf(os.Stderr, "bench: filling a cluster with %d services, %d pods and %d nodes\n", size.Services, size.Pods, size.Nodes)
	if err := rig.Populate(ctx, cluster.RESTConfig(), size); err != nil {
		return err
	}
	fmt.Printf("%d NodePort services, %d pods, %d nodes; medians of %d runs of each command in turn\n\n",
		size.Services, size.Pods, size.Nodes, *runs)
	b := &bench{runs: *runs, kubeconfig: cluster.Kubeconfig()}
	return b.table(ctx, os.Stdout, comparisons(program, cluster.Program("kubectl")))
}

// comparison is one job as the program does it, and as kubectl does.
type comparison struct {
	job          string
	ours, theirs []string
}

func comparisons(program, kubectl string) []comparison {
	return []comparison{
		{"start: --help", []string{program, "--help"}, []string{kubectl, "--help"}},
		{"list all services", []string{program, "get", "-A"}, []string{kubectl, "get", "services", "-A"}},
		{"list one namespace", []string{program, "get", "-n", "big-0"}, []string{kubectl, "get", "services", "-n", "big-0"}},
		{"show one service", []string{program, "get", "service-0", "-n", "big-0"}, []string{kubectl, "get", "service", "service-0", "-n", "big-0"}},
		{
			"all node addresses of all services", []string{program, "get", "-A", "-o", "url"},
			[]string{kubectl, "get", "services,endpointslices,nodes", "-A", "-o", "json"},
		},
		{
			"check all services", []string{program, "expose-check", "-A", "--static", "--fail-on=never"},
			[]string{kubectl, "get", "services,endpointslices,nodes,pods", "-A", "-o", "json"},
		},
	}
}
