package assets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// packages returns the main package of each program.
func packages() map[string]string {
	const kubernetes = "k8s.io/kubernetes/cmd/"
	return map[string]string{
		"etcd":                    "go.etcd.io/etcd/server/v3",
		"kube-apiserver":          kubernetes + "kube-apiserver",
		"kube-controller-manager": kubernetes + "kube-controller-manager",
		"kube-scheduler":          kubernetes + "kube-scheduler",
		"kube-proxy":              kubernetes + "kube-proxy",
		"kubelet":                 kubernetes + "kubelet",
		"kubectl":                 kubernetes + "kubectl",
	}
}

// Build builds those of the named programs that the cache does not have, one
// after the other, and says so on progress. Several processes may build at the
// same time: one builds, the others wait for it.
func (c Cache) Build(ctx context.Context, progress io.Writer, names []string) error {
	unlock, err := c.lock()
	if err != nil {
		return err
	}
	defer unlock()
	source, err := sourceDir()
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, err := os.Stat(filepath.Join(c.Bin(), name+exeSuffix()))
		return err == nil
	})
	for i, name := range missing {
		_, _ = fmt.Fprintf(progress, "rig: building %s (%d of %d)\n", name, i+1, len(missing))
		start := time.Now()
		if err := c.build(ctx, source, name); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(progress, "rig: built %s in %s\n", name, time.Since(start).Round(time.Second))
	}
	return nil
}

// build builds one program; it appears in the cache whole or not at all.
func (c Cache) build(ctx context.Context, source, name string) error {
	if err := os.MkdirAll(c.Bin(), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(c.Dir, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	out := filepath.Join(temp, name+exeSuffix())
	ldflags := "-s -w -X k8s.io/component-base/version.gitVersion=" + Kubernetes
	err = goBuild(ctx, source, out, packages()[name], nil, "-ldflags", ldflags)
	if err != nil {
		return fmt.Errorf("build %s: %w", name, err)
	}
	return os.Rename(out, filepath.Join(c.Bin(), filepath.Base(out)))
}

func goBuild(ctx context.Context, source, out, pkg string, env []string, flags ...string) error {
	args := append([]string{"build", "-trimpath", "-o", out}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, pkg)...)
	cmd.Dir = source
	cmd.Env = append(append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly"), env...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

// BuildOracle builds the oracle as the file out.
func BuildOracle(ctx context.Context, out string) error {
	source, err := sourceDir()
	if err != nil {
		return err
	}
	return goBuild(ctx, source, out, "./oracle", nil)
}

// sourceDir returns the directory of the module that pins the programs, which
// is below the working directory or one of its parents.
func sourceDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		source := filepath.Join(dir, "test", "rig", "kubernetes")
		if _, err := os.Stat(filepath.Join(source, "go.mod")); err == nil {
			return source, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("not inside the source tree of kubectl-nodeport: nothing to build the rig from")
		}
		dir = parent
	}
}
