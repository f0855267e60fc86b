package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func build(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	api := flags.Bool("api-only", false, "only what the API level needs")
	version := kubernetesFlag(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	return rig.Build(ctx, *api, rig.Kubernetes(*version))
}

func kubernetesFlag(flags *flag.FlagSet) *string {
	return flags.String("kubernetes", os.Getenv(rig.EnvKubernetes), "version of Kubernetes, such as v1.33.13; empty: the pinned one")
}

func up(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	api := flags.Bool("api-only", false, "only an API server, without nodes; needs no root")
	version := kubernetesFlag(flags)
	nodes := flags.Int("nodes", 3, "number of nodes")
	mode := flags.String("mode", string(rig.NFTables), "kube-proxy's mode: nftables or iptables")
	ports := flags.String("node-port-range", "", "the API server's --service-node-port-range")
	dual := flags.Bool("dual-stack", false, "IPv6 addresses too")
	idle := flags.Bool("no-controllers", false, "run no controllers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	opts := []rig.Option{rig.Kubernetes(*version), rig.Mode(rig.ProxyMode(*mode)), rig.NodePortRange(*ports)}
	if !*api {
		opts = append(opts, rig.Nodes(*nodes))
	}
	if *dual {
		opts = append(opts, rig.DualStack())
	}
	if *idle {
		opts = append(opts, rig.Controllers())
	}
	start := time.Now()
	c, err := rig.Up(ctx, *api, opts...)
	if err != nil {
		return err
	}
	fmt.Printf("rig %s is up after %s\nKUBECONFIG=%s\nlogs in %s\n", c.ID(), time.Since(start).Round(100*time.Millisecond), c.Kubeconfig(), c.Logs())
	fmt.Println("try: go run ./test/rig client kubectl get nodes -o wide")
	return nil
}

// which returns the rig that -id in args names, and the arguments after it.
func which(name string, args []string) (*rig.Cluster, []string, error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	id := flags.String("id", "", "the rig, where several are up")
	if err := flags.Parse(args); err != nil {
		return nil, nil, err
	}
	c, err := rig.Find(*id)
	return c, flags.Args(), err
}

func client(ctx context.Context, args []string) error {
	c, args, err := which("client", args)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"sh"}
	}
	return foreground(c.Client().Command(ctx, args[0], args[1:]...))
}

func host(ctx context.Context, args []string) error {
	c, args, err := which("host", args)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return errUsage
	}
	if len(args) == 1 {
		args = append(args, "sh")
	}
	h, err := c.Host(args[0])
	if err != nil {
		return err
	}
	return foreground(h.Inside(ctx, args[1], args[2:]...))
}

func impair(_ context.Context, args []string) error {
	c, args, err := which("impair", args)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet("impair", flag.ContinueOnError)
	var link rig.Conditions
	flags.DurationVar(&link.RoundTrip, "round-trip", 0, "added to each round trip")
	flags.DurationVar(&link.Jitter, "jitter", 0, "largest additional delay in each direction")
	flags.Float64Var(&link.Loss, "loss", 0, "percentage of packets that are lost in each direction")
	flags.Uint64Var(&link.Seed, "seed", 0, "selects the packets that are lost")
	undo := flags.Bool("undo", false, "give the host a perfect link again")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	h, err := c.Host(args[0])
	switch {
	case err != nil:
		return err
	case *undo:
		return h.RepairLink()
	}
	return h.ImpairLink(link)
}

// foreground gives a command the terminal. Ctrl-C reaches it by itself.
func foreground(cmd *exec.Cmd) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}

func status(context.Context, []string) error {
	rigs, err := rig.Running()
	if err != nil {
		return err
	}
	for _, r := range rigs {
		fmt.Println(r)
	}
	return nil
}

func images(ctx context.Context, _ []string) error {
	archives, err := rig.Images(ctx)
	for _, path := range archives {
		fmt.Println(path)
	}
	return err
}

func down(_ context.Context, args []string) error {
	c, _, err := which("down", args)
	if err != nil {
		return err
	}
	return c.End(false)
}

func populate(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("populate", flag.ContinueOnError)
	var size rig.Size
	id := flags.String("id", "", "the rig, where several are up")
	flags.IntVar(&size.Services, "services", 1000, "number of NodePort services")
	flags.IntVar(&size.Pods, "pods", 5000, "number of pods")
	flags.IntVar(&size.Nodes, "nodes", 100, "number of nodes")
	flags.IntVar(&size.Namespaces, "namespaces", 10, "number of namespaces that they are spread over")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, err := rig.Find(*id)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := rig.Populate(ctx, c.RESTConfig(), size); err != nil {
		return err
	}
	fmt.Printf("%d services, %d pods, %d nodes in %s\n", size.Services, size.Pods, size.Nodes, time.Since(start).Round(time.Second))
	return nil
}
