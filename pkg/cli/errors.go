package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/safe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel"
)

// The exit codes of all commands; docs/exit-codes.md says when each is met.
const (
	exitOK          = 0
	exitError       = 1
	exitUnchecked   = 2   // of expose-check, whose 1 means that it found something
	exitInterrupted = 130 // as a shell reports a program that Ctrl-C ended
)

// usageError is a command line that cannot be understood.
type usageError struct {
	cmd *cobra.Command
	err error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usage is the error of a command line that turned out wrong, unless it is the
// kubeconfig that is.
func usage(cmd *cobra.Command, err error) error {
	var config *configError
	if errors.As(err, &config) {
		return err
	}
	return &usageError{cmd, err}
}

// configError is a kubeconfig that cannot be used.
type configError struct{ err error }

func (e *configError) Error() string { return "the kubeconfig cannot be used: " + e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// uncheckedError is why a check could not be made, so that it found neither
// that all is well nor that something is wrong.
type uncheckedError struct{ err error }

func (e *uncheckedError) Error() string { return e.err.Error() }
func (e *uncheckedError) Unwrap() error { return e.err }

// unchecked wraps the error of a command that checks; nil stays nil.
func unchecked(err error) error {
	if err == nil {
		return nil
	}
	return &uncheckedError{err}
}

// exitCode is that of an error that was told.
func exitCode(err error) int {
	var unchecked *uncheckedError
	var usage *usageError
	if errors.As(err, &unchecked) || errors.As(err, &usage) && usage.cmd.Name() == exposeCheckName {
		return exitUnchecked
	}
	return exitError
}

// errReported is a failure that the user has been told of already.
var errReported = errors.New("reported")

// report tells the user of an error, and decides the exit code. It is the only
// place that does.
func (f *factory) report(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		for _, err := range all(err) {
			if !errors.Is(err, context.Canceled) {
				f.say("error: %s", render.SafeLines(safe.URLs(f.explain(err)))) // what it leaves behind
			}
		}
		f.say("interrupted")
		return exitInterrupted
	case errors.Is(err, errReported):
		return exitError
	}
	told := err
	var unchecked *uncheckedError
	if errors.As(err, &unchecked) {
		told = unchecked.err
	}
	for _, err := range all(told) {
		f.say("error: %s", render.SafeLines(safe.URLs(f.explain(err))))
	}
	if errors.As(err, &usage) {
		f.say("See \"%s --help\".", usage.cmd.CommandPath())
	}
	return exitCode(err)
}

// all takes joined errors apart: each is told by itself.
func all(err error) []error {
	var usage *usageError
	if errors.As(err, &usage) {
		return all(usage.err)
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var errs []error
	for _, err := range joined.Unwrap() {
		errs = append(errs, all(err)...)
	}
	return errs
}

// explain adds to an error what the user can do about it.
func (f *factory) explain(err error) string {
	var dial *net.OpError
	var lookup *net.DNSError
	var problem *manifest.Problem
	var request *url.Error
	switch {
	case explainRun(err) != "":
		return explainRun(err)
	case errors.As(err, &problem): // a page that cannot be fetched is no API server
		return strings.TrimSpace(err.Error())
	case clientcmd.IsEmptyConfig(err), errors.As(err, &dial) && dial.Op == "dial" && !f.configured():
		return f.unconfigured()
	case apierrors.IsForbidden(err):
		return err.Error() + "\nThe least role for each command: " + leastRoles
	case apierrors.IsAlreadyExists(err):
		return err.Error() + "; kubectl nodeport apply changes it, and --name creates another"
	case apierrors.IsUnauthorized(err):
		return "the API server does not know you: " + err.Error() + "; log in again, or check the user of the kubeconfig's context"
	case errors.As(err, &lookup):
		return fmt.Sprintf("cannot find the API server %q; check the server of the kubeconfig's context", lookup.Name)
	case errors.As(err, &dial) && dial.Op == "dial":
		return fmt.Sprintf("cannot reach the API server at %s: %s; is the cluster running, and the kubeconfig's context the right one?",
			dial.Addr, rootCause(dial))
	case errors.As(err, &request) && request.Timeout():
		return fmt.Sprintf("the API server at %s does not answer in time; is the cluster running, and the kubeconfig's context the right one?",
			host(request.URL))
	}
	return strings.TrimSpace(err.Error())
}

// unconfigured says that there is no kubeconfig, or that KUBECONFIG is mistyped.
func (f *factory) unconfigured() string {
	if path := os.Getenv(clientcmd.RecommendedConfigPathEnvVar); path != "" && *f.flags.KubeConfig == "" && missing(path) {
		return fmt.Sprintf("no cluster is configured: KUBECONFIG names %s, which does not exist", path)
	}
	return "no cluster is configured; set KUBECONFIG or --kubeconfig, or work on manifests alone: get -f, or create -f --dry-run=client"
}

// missing tells that none of the files of a list such as KUBECONFIG exists.
func missing(paths string) bool {
	return !slices.ContainsFunc(filepath.SplitList(paths), func(path string) bool {
		_, err := os.Stat(path)
		return !errors.Is(err, fs.ErrNotExist)
	})
}

// host is that of a URL, with its port; what is no URL is left as it is.
func host(address string) string {
	if parsed, err := url.Parse(address); err == nil && parsed.Host != "" {
		return parsed.Host
	}
	return address
}

// leastRoles is where it is written who needs which permission.
const leastRoles = "https://github.com/kubectl-nodeport/kubectl-nodeport/blob/main/docs/rbac.yaml"

// understood words what an engine met for who does not know what is behind it:
// how the API server says no to a tunnel.
func understood(e engine.Event) engine.Event {
	var failed *tunnel.Error
	if !errors.As(e.Err, &failed) {
		return e
	}
	switch failed.Kind {
	case tunnel.Forbidden:
		e.Err = fmt.Errorf("you may not forward to pod %s, for which get and create of pods/portforward are needed: see nodeport-forward in %s",
			failed.Pod, leastRoles)
	case tunnel.Unauthorized:
		e.Err = errors.New("the API server does not know you, or no longer; log in again, or check the user of the kubeconfig's context")
	}
	return e
}

// rootCause is the innermost error: what the system said.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
