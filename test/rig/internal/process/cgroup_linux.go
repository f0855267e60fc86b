package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const cgroupMount = "/sys/fs/cgroup"

// cgroupRoots returns the mount points of the cgroup hierarchies: one with
// cgroup v2, one a controller with v1.
func cgroupRoots() []string {
	if _, err := os.Stat(cgroupMount + "/cgroup.controllers"); err == nil {
		return []string{cgroupMount}
	}
	roots, _ := filepath.Glob(cgroupMount + "/*/cgroup.procs")
	for i, r := range roots {
		roots[i] = filepath.Dir(r)
	}
	return roots
}

// MakeCgroup makes the cgroup name, a path below the root, in every hierarchy.
func MakeCgroup(name string) error {
	for _, root := range cgroupRoots() {
		dir := root
		for _, part := range strings.Split(name, "/") {
			parent := dir
			dir = filepath.Join(dir, part)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("make cgroup: %w", err)
			}
			if err := delegate(parent, dir); err != nil {
				return fmt.Errorf("set up cgroup %s: %w", dir, err)
			}
		}
	}
	return nil
}

// delegate lets dir use its parent's controllers. A v1 cpuset is born empty, in
// which no process may run; v2 controllers have to be handed down.
func delegate(parent, dir string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		text, err := os.ReadFile(filepath.Join(parent, file))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && isV1(parent) {
			err = os.WriteFile(filepath.Join(dir, file), text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	controllers, err := os.ReadFile(filepath.Join(parent, "cgroup.controllers"))
	if err != nil {
		return nil // v1 has no such file
	}
	for _, c := range strings.Fields(string(controllers)) {
		if err := os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte("+"+c), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func isV1(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "cgroup.controllers"))
	return err != nil
}

// cgroupPids returns the processes in a cgroup and below, as the PID namespace
// of this process numbers them; ones of other namespaces are left out.
func cgroupPids(name string) []int {
	var pids []int
	for _, root := range cgroupRoots() {
		_ = filepath.WalkDir(filepath.Join(root, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Name() != "cgroup.procs" {
				return nil // groups may go away meanwhile
			}
			text, _ := os.ReadFile(path)
			for _, field := range strings.Fields(string(text)) {
				if pid, err := strconv.Atoi(field); err == nil && pid > 0 {
					pids = append(pids, pid)
				}
			}
			return nil
		})
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}

// RemoveCgroup removes a cgroup whose processes have ended, and those below;
// "" is none. The kernel may take a moment to let go of ended processes.
func RemoveCgroup(name string) error {
	if name == "" {
		return nil
	}
	var err error
	for range 50 {
		if err = removeCgroupOnce(name); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("remove cgroup: %w", err)
}

func removeCgroupOnce(name string) error {
	var failed error
	for _, root := range cgroupRoots() {
		var dirs []string
		_ = filepath.WalkDir(filepath.Join(root, name), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) { // the deepest first
			if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
				failed = fmt.Errorf("%s: %w", dir, err)
			}
		}
	}
	return failed
}
