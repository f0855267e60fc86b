package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// isolate completes the namespaces that the parent was born into: its own
// /proc, an empty /run and an in-memory data directory, none of which the rest
// of the machine sees; /var and /opt to which nothing that is written stays; and
// settings of the machine that nobody can change.
func isolate(c Config) error {
	steps := []mount{
		{"none", "/", "", syscall.MS_REC | syscall.MS_PRIVATE, ""},
		{"proc", "/proc", "proc", 0, ""},
		{"run", "/run", "tmpfs", 0, "mode=755"},
		{c.Dir, "/run/rig", "", syscall.MS_BIND, ""},
		{"overlay", "/var", "overlay", 0, overlay("var")},
		{"overlay", "/opt", "overlay", 0, overlay("opt")},
	}
	if hidden(c.Dir) {
		steps = append(steps, mount{"/run/rig", c.Dir, "", syscall.MS_BIND, ""})
	}
	steps = append(steps,
		mount{"data", c.Data(), "tmpfs", 0, "mode=755"},
		mount{"none", "/", "", syscall.MS_REC | syscall.MS_SHARED, ""}) // among the pods of the rig
	for _, m := range steps {
		if err := m.do(); err != nil {
			return err
		}
	}
	return shieldSettings("/run/settings")
}

// hidden reports whether one of the rig's own mounts hides a directory.
func hidden(dir string) bool {
	return strings.HasPrefix(dir, "/var/") || strings.HasPrefix(dir, "/opt/")
}

type mount struct {
	source, target, kind string
	flags                uintptr
	data                 string
}

// do mounts, after it has made the directories in the rig's own /run that it needs.
func (m mount) do() error {
	for _, field := range append(strings.FieldsFunc(m.data, func(r rune) bool { return r == ',' || r == '=' }), m.target) {
		if strings.HasPrefix(field, "/run/") {
			if err := os.MkdirAll(field, 0o755); err != nil {
				return err
			}
		}
	}
	if err := syscall.Mount(m.source, m.target, m.kind, m.flags, m.data); err != nil {
		return fmt.Errorf("mount %s: %w", m.target, err)
	}
	return nil
}

// overlay returns the options of an overlay whose changes are kept in memory.
func overlay(name string) string {
	return fmt.Sprintf("lowerdir=/%[1]s,upperdir=/run/overlay/%[1]s,workdir=/run/overlay/%[1]s.work", name)
}

// kubeletSettings are what the kubelet writes to the machine's kernel when they
// differ: among them that the machine reboots itself after a kernel fault.
func kubeletSettings() map[string]string {
	return map[string]string{
		"vm/overcommit_memory":      "1",
		"vm/panic_on_oom":           "0",
		"kernel/panic":              "10",
		"kernel/panic_on_oops":      "1",
		"kernel/keys/root_maxkeys":  "1000000",
		"kernel/keys/root_maxbytes": "25000000",
	}
}

// shieldSettings puts a file over each setting of the machine that a program of
// the rig would change, holding what it wants to see.
func shieldSettings(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for name, value := range kubeletSettings() {
		target := "/proc/sys/" + name
		file := filepath.Join(dir, strings.ReplaceAll(name, "/", "."))
		if err := os.WriteFile(file, []byte(value+"\n"), 0o600); err != nil {
			return err
		}
		if _, err := os.Stat(target); err != nil {
			continue // this kernel does not have it
		}
		if err := syscall.Mount(file, target, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount over %s: %w", target, err)
		}
	}
	return nil
}

// unmountData drops the in-memory data directory of a namespaced rig.
func unmountData(c Config) {
	if c.Namespaced {
		_ = syscall.Unmount(c.Data(), syscall.MNT_DETACH) // what fails shows when it is removed
	}
}

// removeAll removes a rig's file or directory. Of a directory that had to be
// mounted only the name is left, for the next rig to clear away.
func removeAll(path string) error {
	if err := os.RemoveAll(path); err != nil && !hidden(path) {
		return err
	}
	return nil
}
