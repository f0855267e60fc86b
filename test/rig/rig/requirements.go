package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/assets"
)

// tools returns the programs that a cluster needs from the machine, and the
// Debian packages that have them.
func tools() map[string]string {
	return map[string]string{
		"containerd": "containerd",
		"ctr":        "containerd",
		"runc":       "runc",
		"nft":        "nftables",
		"iptables":   "iptables",
		"ip6tables":  "iptables",
		"conntrack":  "conntrack",
		"ip":         "iproute2",
		"tc":         "iproute2",
		"nsenter":    "util-linux",
		"sh":         "dash",
	}
}

const cniPackage = "containernetworking-plugins"

// unavailable is the error of what this machine cannot run.
type unavailable struct{ why, remedy string }

func (u *unavailable) Error() string { return u.why + "; " + u.remedy }

// requirements returns an *unavailable error unless this machine can run rigs
// of the options.
func requirements(o options) error {
	if runtime.GOOS == "windows" {
		return &unavailable{"no API server runs on Windows", "use Linux or macOS, or set " + EnvKubeconfig}
	}
	if o.Level == apiLevel {
		return nil
	}
	if o.Nodes < 1 || o.Nodes > maxNodes {
		return fmt.Errorf("a cluster has 1 to %d nodes, not %d", maxNodes, o.Nodes)
	}
	if runtime.GOOS != "linux" {
		return &unavailable{"a cluster of network namespaces needs Linux", "use it, or set " + EnvKubeconfig}
	}
	if os.Geteuid() != 0 {
		return &unavailable{"a cluster of network namespaces needs root", "use sudo, or set " + EnvKubeconfig}
	}
	missing := missingPackages()
	if missing != nil {
		return &unavailable{"Debian packages are missing: " + strings.Join(missing, ", "), "go run ./test/rig install"}
	}
	if _, err := os.Stat("/proc/sys/net/ipv6"); o.DualStack && err != nil {
		return &unavailable{"the kernel has no IPv6", "use one that does"}
	}
	return nil
}

func missingPackages() []string {
	seen, missing := map[string]bool{}, []string(nil)
	for tool, pkg := range tools() {
		if _, err := exec.LookPath(tool); err != nil && !seen[pkg] {
			seen[pkg] = true
			missing = append(missing, pkg)
		}
	}
	if _, err := cniBin(); err != nil {
		missing = append(missing, cniPackage)
	}
	return missing
}

// Install installs the Debian packages that a cluster needs and this machine
// does not have, and raises the kernel's limit that many nodes meet.
func Install(ctx context.Context) error {
	if err := raiseInotify(); err != nil {
		return err
	}
	missing := missingPackages()
	if missing == nil {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("this is no Debian; install what has the programs of its packages %s", strings.Join(missing, ", "))
	}
	for _, args := range [][]string{
		{"update", "-qq"},
		append([]string{"install", "-y", "-qq", "--no-install-recommends"}, missing...),
	} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("apt-get %s: %w", args[0], err)
		}
	}
	if missing := missingPackages(); missing != nil {
		return fmt.Errorf("still missing after the installation: %s", strings.Join(missing, ", "))
	}
	return nil
}

// Build builds what rigs with the options run, or only what the API level does,
// into the cache, unless it is there.
func Build(ctx context.Context, api bool, opts ...Option) error {
	l := clusterLevel
	if api {
		l = apiLevel
	}
	_, _, _, err := prepare(ctx, newOptions(l, opts))
	return err
}

// prepare finds or builds everything that a rig of the options needs.
func prepare(ctx context.Context, o options) (assets.Programs, []string, assets.Cache, error) {
	cache, err := assets.UserCache()
	if err != nil {
		return nil, nil, cache, err
	}
	version, err := assets.ParseVersion(o.Kubernetes)
	if err != nil {
		return nil, nil, cache, err
	}
	names := o.programs()
	programs, err := cache.Find(version, names)
	if errors.Is(err, assets.ErrNotBuilt) {
		if err = cache.Build(ctx, os.Stderr, version, missing(names, programs)); err == nil {
			programs, err = cache.Find(version, names)
		}
	}
	if err != nil || o.Level == apiLevel {
		return programs, nil, cache, err
	}
	images, err := cache.Images(ctx)
	return programs, images, cache, err
}

func missing(names []string, found assets.Programs) []string {
	var m []string
	for _, name := range names {
		if found[name] == "" {
			m = append(m, name)
		}
	}
	return m
}
