// Command versions runs the tests that depend on the version of Kubernetes
// against several versions, one after the other: the commands against the API
// server, and the engine compared with kube-proxy in each of its modes.
//
//	go run ./test/versions [-page docs/compatibility.md] v1.33.13 v1.37.2
//
// It builds what is missing into the cache of the rig. With -page it writes the
// results into the table of that page.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/internal/gotest"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "versions:", err)
		os.Exit(1)
	}
}

// suites are the tests that run for each version, with their columns in the page.
func suites() []suite {
	return []suite{
		{"API", []string{"./test/api/..."}},
		{"kube-proxy nftables", []string{"./test/parity", "-modes=nftables"}},
		{"kube-proxy iptables", []string{"./test/parity", "-modes=iptables"}},
	}
}

// suite is a run of go test with its arguments.
type suite struct {
	name string
	args []string
}

// results are those of one version, by the order of the suites.
type results struct {
	version string
	date    time.Time
	counts  []gotest.Counts
}

func (r results) sum() (sum gotest.Counts) {
	for _, counts := range r.counts {
		sum = sum.Add(counts)
	}
	return sum
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("versions", flag.ContinueOnError)
	page := flags.String("page", "", "file whose table the results are written into")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("name the versions of Kubernetes, such as v1.33.13")
	}
	var all []results
	for _, version := range flags.Args() {
		all = append(all, test(ctx, version))
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	var sum gotest.Counts
	fmt.Println()
	for _, r := range all {
		fmt.Printf("Kubernetes %s: %s\n", r.version, r.sum())
		sum = sum.Add(r.sum())
	}
	fmt.Println(sum)
	if *page != "" {
		if err := writePage(*page, all); err != nil {
			return err
		}
	}
	if !sum.OK() {
		return errors.New("not all versions passed")
	}
	return nil
}

// test runs all suites against one version.
func test(ctx context.Context, version string) results {
	fmt.Printf("\n== Kubernetes %s\n", version)
	r := results{version: version, date: time.Now(), counts: make([]gotest.Counts, len(suites()))}
	err := rig.Build(ctx, true, rig.Kubernetes(version))
	for i, s := range suites() {
		if err == nil {
			fmt.Printf("-- %s\n", s.name)
			r.counts[i], err = s.run(ctx, version)
		}
		if err != nil {
			fmt.Println(err)
			r.counts[i] = gotest.Counts{Failed: 1}
		}
	}
	return r
}

func (s suite) run(ctx context.Context, version string) (gotest.Counts, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json", "-count=1", "-timeout=60m"}, s.args...)...)
	cmd.Env = append(os.Environ(), rig.EnvKubernetes+"="+version)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return gotest.Counts{}, err
	}
	if err := cmd.Start(); err != nil {
		return gotest.Counts{}, err
	}
	counts, err := gotest.Report(out, os.Stdout)
	_ = cmd.Wait() // the counts say what failed
	return counts, err
}
