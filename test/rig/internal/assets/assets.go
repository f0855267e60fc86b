// Package assets finds, builds and keeps the programs and images that a rig
// runs. Building happens once: what was built stays in the user's cache.
package assets

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// The environment variables that say where programs are.
const (
	EnvCache      = "NODEPORT_RIG_CACHE"
	envKubeAssets = "KUBEBUILDER_ASSETS"
)

// APIPrograms returns the programs that an API server needs.
func APIPrograms() []string {
	return []string{"etcd", "kube-apiserver", "kube-controller-manager", "kubectl"}
}

// ClusterPrograms returns the programs that a cluster with nodes needs.
func ClusterPrograms() []string {
	return append(APIPrograms(), "kube-scheduler", "kubelet", "kube-proxy")
}

// Cache is the directory that holds what was built, and running rigs.
type Cache struct{ Dir string }

// UserCache returns the user's cache, or the one that NODEPORT_RIG_CACHE names.
func UserCache() (Cache, error) {
	if dir := os.Getenv(EnvCache); dir != "" {
		dir, err := filepath.Abs(dir)
		return Cache{dir}, err
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return Cache{}, fmt.Errorf("no cache directory (set %s): %w", EnvCache, err)
	}
	return Cache{filepath.Join(dir, "kubectl-nodeport", "rig")}, nil
}

// Bin returns the directory of the built programs of a version.
func (c Cache) Bin(v Version) string { return filepath.Join(c.Dir, string(v), "bin") }

// path returns where a program is that was built for rigs of a version. What
// talks to the API server from outside, and what it stores objects in, is that
// of the pinned version in all of them.
func (c Cache) path(v Version, name string) string {
	if name == "etcd" || name == "kubectl" {
		v = Kubernetes
	}
	return filepath.Join(c.Bin(v), name+exeSuffix())
}

// Programs are the paths of programs, by name.
type Programs map[string]string

// ErrNotBuilt is matched by the error for programs that have to be built.
var ErrNotBuilt = errors.New("not built yet")

// Find returns the named programs of a version from the cache. For an API server
// of the pinned version alone they also come from where envtest's users have
// them: first the directory KUBEBUILDER_ASSETS, and last, kubectl only, PATH.
func (c Cache) Find(v Version, names []string) (Programs, error) {
	// The programs of a cluster are all of one release.
	foreign := v == Kubernetes && !slices.Contains(names, "kubelet")
	found, missing := Programs{}, []string(nil)
	for _, name := range names {
		if path := c.find(v, name, foreign); path != "" {
			found[name] = path
		} else {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return found, fmt.Errorf("%s: %w", strings.Join(missing, ", "), ErrNotBuilt)
	}
	return found, nil
}

func (c Cache) find(v Version, name string, foreign bool) string {
	paths := []string{c.path(v, name)}
	if dir := os.Getenv(envKubeAssets); dir != "" && foreign {
		paths = []string{filepath.Join(dir, name+exeSuffix()), c.path(v, name)}
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	if name == "kubectl" && foreign {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func exeSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
