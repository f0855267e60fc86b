package rig

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/assets"
)

// The environment variables of the suite.
const (
	// EnvKubeconfig names the kubeconfig of an existing cluster to test against.
	EnvKubeconfig = "NODEPORT_TEST_KUBECONFIG"
	// EnvImage names the image of the test workload on the nodes of an existing
	// cluster that has it.
	EnvImage = "NODEPORT_TEST_IMAGE"
	// EnvKubernetes is the version of Kubernetes that rigs run, such as v1.33.13,
	// unless an option names one.
	EnvKubernetes = "NODEPORT_TEST_KUBERNETES"
	// EnvRequire names levels, "API" and "cluster" separated by commas, whose
	// tests fail where they would be skipped because the machine cannot run them.
	EnvRequire = "NODEPORT_TEST_REQUIRE"
)

// Start returns a running cluster, or the existing one that
// NODEPORT_TEST_KUBECONFIG names if that can have the options; else it skips
// the test, saying why.
func Start(t testing.TB, opts ...Option) *Cluster {
	t.Helper()
	return start(t, newOptions(clusterLevel, opts))
}

// StartAPI returns a running API server without nodes, or skips the test.
func StartAPI(t testing.TB, opts ...Option) *Cluster {
	t.Helper()
	return start(t, newOptions(apiLevel, opts))
}

func start(t testing.TB, o options) *Cluster {
	t.Helper()
	if path := os.Getenv(EnvKubeconfig); path != "" {
		return startExisting(t, o, path)
	}
	if err := startable(t, o); err != nil {
		skip(t, o.Level, err)
	}
	if !current.managed() {
		t.Fatal("the test binary has no TestMain that calls rig.Main")
	}
	if o.Dedicated {
		return startDedicated(t, o)
	}
	c, err := current.shared(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func startDedicated(t testing.TB, o options) *Cluster {
	t.Helper()
	c, err := launch(t.Context(), o, false)
	if err != nil {
		t.Fatal(err)
	}
	current.add(c)
	t.Cleanup(func() {
		current.remove(c)
		if err := c.End(t.Failed()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the rig's logs are in %s", c.Logs())
		}
	})
	return c
}

// buildTime is what building everything may take.
const buildTime = 20 * time.Minute

// startable returns an *unavailable error where the machine cannot run the
// options, or not within the test's time because it would have to build first.
func startable(t testing.TB, o options) error {
	if err := requirements(o); err != nil {
		return err
	}
	cache, err := assets.UserCache()
	if err != nil {
		return err
	}
	version, err := assets.ParseVersion(o.Kubernetes)
	if err != nil {
		return err
	}
	_, err = cache.Find(version, o.programs())
	d, ok := t.(interface{ Deadline() (time.Time, bool) })
	if err == nil || !ok {
		return nil
	}
	if end, limited := d.Deadline(); limited && time.Until(end) < buildTime {
		return &unavailable{err.Error(), "go run ./test/rig build (once, about 10 minutes)"}
	}
	return nil
}

// skip skips the test because the machine cannot run it; where the level is
// required the test fails.
func skip(t testing.TB, l level, err error) {
	t.Helper()
	var u *unavailable
	if !errors.As(err, &u) || required(l) {
		t.Fatalf("%s level: %v", l, err)
	}
	t.Skipf("skipped: %v", err)
}

func required(l level) bool {
	for _, name := range strings.Split(os.Getenv(EnvRequire), ",") {
		if strings.EqualFold(strings.TrimSpace(name), string(l)) {
			return true
		}
	}
	return false
}

// Up starts a rig that keeps running when this process ends, until Down.
// The binary's main must have called Parent.
func Up(ctx context.Context, api bool, opts ...Option) (*Cluster, error) {
	l := clusterLevel
	if api {
		l = apiLevel
	}
	o := newOptions(l, opts)
	if err := requirements(o); err != nil {
		return nil, err
	}
	return launch(ctx, o, true)
}

// Find returns a rig that was started with Up: the one with the id, or, with an
// empty id, the only one.
func Find(id string) (*Cluster, error) {
	cache, err := assets.UserCache()
	if err != nil {
		return nil, err
	}
	dirs, states, err := running(cache)
	if err != nil {
		return nil, err
	}
	var ids []string
	var match []int
	for i, s := range states {
		if s.Detached && (id == "" || id == s.ID) {
			ids, match = append(ids, s.ID), append(match, i)
		}
	}
	switch len(match) {
	case 0:
		return nil, errors.New("no such rig is up; start one: go run ./test/rig up")
	case 1:
		return attach(dirs[match[0]], states[match[0]])
	}
	return nil, fmt.Errorf("several rigs are up: say -id one of %s", strings.Join(ids, ", "))
}

// Running describes the rigs that run, of tests too, in a line each.
func Running() ([]string, error) {
	cache, err := assets.UserCache()
	if err != nil {
		return nil, err
	}
	_, states, err := running(cache)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, s := range states {
		whose := fmt.Sprintf("of process %d", s.Owner.Pid)
		if s.Detached {
			whose = "until down"
		}
		all = append(all, fmt.Sprintf("%s  %s level, Kubernetes %s, %d nodes, %s, %s",
			s.ID, s.Options.Level, cmp.Or(s.Options.Kubernetes, string(assets.Kubernetes)), s.Options.Nodes, s.Server, whose))
	}
	return all, nil
}

// ID tells this rig from others.
func (c *Cluster) ID() string { return c.state.ID }
