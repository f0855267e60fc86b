package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/cluster"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// writeFlags are those of the commands that write services.
type writeFlags struct {
	dryRun  string
	manager string
	check   string
	wait    bool
	timeout time.Duration
}

func (flags *writeFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&flags.dryRun, "dry-run", "none",
		"none, client (send nothing that writes) or server (the API server checks, and keeps nothing)")
	cmd.Flags().Lookup("dry-run").NoOptDefVal = "client"
	cmd.Flags().StringVar(&flags.manager, "field-manager", "kubectl-nodeport", "name under which the API server notes who set the fields")
	cmd.Flags().StringVar(&flags.check, "check", "strict", "what to do about errors that the checks find: strict (stop), warn (go on) or ignore (do not check)")
	cmd.Flags().BoolVar(&flags.wait, "wait", true, "wait until endpoints are ready")
	cmd.Flags().DurationVar(&flags.timeout, "timeout", time.Minute, "how long to wait")
}

// writeOptions are how services are written, and what follows.
type writeOptions struct {
	dryRun  dryRun
	manager string
	check   strictness
	wait    bool
	timeout time.Duration
}

func (flags *writeFlags) options() (writeOptions, error) {
	mode, err := parseDryRun(flags.dryRun)
	if err != nil {
		return writeOptions{}, err
	}
	check, err := parseStrictness(flags.check)
	if err != nil {
		return writeOptions{}, err
	}
	if flags.timeout <= 0 {
		return writeOptions{}, fmt.Errorf("--timeout=%s is not longer than 0; give --wait=false not to wait", flags.timeout)
	}
	return writeOptions{dryRun: mode, manager: flags.manager, check: check, wait: flags.wait, timeout: flags.timeout}, nil
}

// forCluster are the options that the API server is told.
func (o writeOptions) forCluster() cluster.WriteOptions {
	return cluster.WriteOptions{Manager: o.manager, DryRun: o.dryRun == dryRunServer}
}

// dryRun is how much of a write is done.
type dryRun int

const (
	dryRunNone dryRun = iota
	// dryRunClient sends nothing that writes.
	dryRunClient
	// dryRunServer lets the API server check, without keeping anything.
	dryRunServer
)

// suffix is what kubectl writes behind "created" and the like.
func (d dryRun) suffix() string {
	return [...]string{"", " (dry run)", " (server dry run)"}[d]
}

// parseDryRun reads the flag as kubectl does.
func parseDryRun(s string) (dryRun, error) {
	switch strings.ToLower(s) {
	case "none", "":
		return dryRunNone, nil
	case "client":
		return dryRunClient, nil
	case "server":
		return dryRunServer, nil
	}
	return 0, fmt.Errorf("--dry-run=%s is not one of none, client, server", s)
}

// strictness is what becomes of errors that the checks find, as of those of
// kubectl's --validate.
type strictness int

const (
	checkStrict strictness = iota
	checkWarn
	checkIgnore
)

func parseStrictness(s string) (strictness, error) {
	switch strings.ToLower(s) {
	case "strict", "true":
		return checkStrict, nil
	case "warn":
		return checkWarn, nil
	case "ignore", "false":
		return checkIgnore, nil
	}
	return 0, fmt.Errorf("--check=%s is not one of strict, warn, ignore", s)
}

// result prints the services that were written.
type result struct {
	*factory
	dryRun  dryRun
	printer printers.ResourcePrinter // nil for a line such as "service/web created"
}

func newResult(f *factory, flags *outputFlags, mode dryRun) (result, error) {
	printer, err := flags.printer()
	return result{factory: f, dryRun: mode, printer: printer}, err
}

// formatted tells that a program reads the result: nothing else may be on Out.
func (r result) formatted() bool { return r.printer != nil }

// print prints one service, and what became of it, such as "created".
func (r result) print(service *corev1.Service, what string) error {
	if r.printer != nil {
		return r.printer.PrintObj(service, r.Out)
	}
	_, err := fmt.Fprintf(r.Out, "service/%s %s%s\n", render.Safe(service.Name), what, r.dryRun.suffix())
	return err
}

// unfinished adds to an error what of several services was written before it,
// and what was not tried any more.
func unfinished(err error, done, left []*corev1.Service, what string) error {
	if len(done)+len(left) == 0 {
		return err
	}
	message := []error{err}
	if len(done) > 0 {
		message = append(message, fmt.Errorf("already %s: %s", what, serviceNames(done)))
	}
	if len(left) > 0 {
		message = append(message, fmt.Errorf("not tried: %s", serviceNames(left)))
	}
	return errors.Join(message...)
}

func serviceNames(services []*corev1.Service) string {
	var names []string
	for _, service := range services {
		names = append(names, service.Namespace+"/"+service.Name)
	}
	return strings.Join(names, ", ")
}
