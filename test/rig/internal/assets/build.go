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

// Build builds those of the named programs of a version that the cache does not
// have, one after the other, and writes each step to progress. Several processes
// may build at the same time: one builds, the others wait for it.
func (c Cache) Build(ctx context.Context, progress io.Writer, v Version, names []string) error {
	unlock, err := c.lock(v)
	if err != nil {
		return err
	}
	defer unlock()
	missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, err := os.Stat(c.path(v, name))
		return err == nil
	})
	for i, name := range missing {
		_, _ = fmt.Fprintf(progress, "rig: building %s of Kubernetes %s (%d of %d)\n", name, v, i+1, len(missing))
		start := time.Now()
		if err := c.build(ctx, v, name); err != nil {
			return fmt.Errorf("build %s of Kubernetes %s: %w", name, v, err)
		}
		_, _ = fmt.Fprintf(progress, "rig: built %s in %s\n", name, time.Since(start).Round(time.Second))
	}
	return nil
}

// build builds one program; it appears in the cache whole or not at all.
func (c Cache) build(ctx context.Context, v Version, name string) error {
	path := c.path(v, name)
	if filepath.Dir(path) == c.Bin(Kubernetes) {
		v = Kubernetes
	}
	m, err := c.module(ctx, v)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(c.Dir, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	out := filepath.Join(temp, filepath.Base(path))
	ldflags := "-s -w -X k8s.io/component-base/version.gitVersion=" + string(v)
	if err := m.build(ctx, out, packages()[name], nil, "-ldflags", ldflags); err != nil {
		return err
	}
	return os.Rename(out, path)
}

// build builds a package as the file out.
func (m module) build(ctx context.Context, out, pkg string, env []string, flags ...string) error {
	args := slices.Concat([]string{"build", "-trimpath", "-o", out}, m.flags, flags, []string{pkg})
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = m.dir
	cmd.Env = append(append(os.Environ(), "GOWORK=off", "GOFLAGS="), env...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

// BuildOracle builds the oracle with the kube-proxy of a version as the file
// out. It does not wait for others that build.
func (c Cache) BuildOracle(ctx context.Context, v Version, out string) error {
	m, err := c.module(ctx, v)
	if err != nil {
		return err
	}
	return m.build(ctx, out, "./oracle", nil)
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
