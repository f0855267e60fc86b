// Command rig runs the tests' Kubernetes for people.
//
//	go run ./test/rig install            Debian packages that a cluster needs (root)
//	go run ./test/rig build              builds Kubernetes into the cache, once, about 10 minutes
//	go run ./test/rig up [flags]         starts a cluster that runs until down
//	go run ./test/rig client CMD…        runs CMD on the client host, outside the cluster
//	go run ./test/rig host n1 CMD…       runs CMD on a node: its network, mounts and processes
//	go run ./test/rig impair n1 [flags]  makes a host's link slow or lossy, or with -undo perfect again
//	go run ./test/rig status             lists what is up
//	go run ./test/rig populate [flags]   fills a rig with services, pods and nodes as objects only
//	go run ./test/rig images             prints the archives of the images, to load them elsewhere
//	go run ./test/rig down               ends it; nothing is left
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

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

func main() {
	if code, ok := rig.Parent(); ok {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	os.Exit(exitCode(err))
}

// exitCode says what went wrong, unless a command that ran on a host did.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	_, _ = fmt.Fprintln(os.Stderr, "rig:", err)
	return 1
}

var errUsage = errors.New("usage: go run ./test/rig install | build | up | client CMD… | host NAME CMD… | impair NAME [FLAGS] | status | populate | images | down; each takes -help")

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	commands := map[string]func(context.Context, []string) error{
		"install":  func(ctx context.Context, _ []string) error { return rig.Install(ctx) },
		"build":    build,
		"up":       up,
		"client":   client,
		"host":     host,
		"impair":   impair,
		"status":   status,
		"populate": populate,
		"images":   images,
		"down":     down,
	}
	command, ok := commands[args[0]]
	if !ok {
		return errUsage
	}
	return command(ctx, args[1:])
}
