package rig

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/assets"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/process"
)

// state is what the directory of a running rig says about it, so that others
// can attach to it, and clear it away if nobody is left to.
type state struct {
	ID      string
	Options options
	Server  string
	Plane   plane
	// Owner is the process that the rig belongs to, while it starts even where
	// it is to be detached.
	Owner    process.Identity
	Detached bool
	Parent   process.Identity
	Programs assets.Programs
}

const stateName = "rig.json"

// namespaced reports whether the rig has namespaces.
func (s state) namespaced() bool { return s.Options.Level == clusterLevel }

// cgroup is the root of the rig's cgroups; the API level has none.
func (s state) cgroup() string {
	if !s.namespaced() {
		return ""
	}
	return "np" + s.ID
}

func (s state) config(dir string) process.Config {
	return process.Config{Dir: dir, Namespaced: s.namespaced(), Detached: s.Detached, Cgroup: s.cgroup()}
}

func runRoot(c assets.Cache) string { return filepath.Join(c.Dir, "run") }

// newState makes the directory of a new rig.
func newState(cache assets.Cache, o options, detached bool) (s state, dir string, err error) {
	owner, err := process.Identify(os.Getpid())
	if err != nil {
		return s, "", err
	}
	b := make([]byte, 3)
	if _, err := rand.Read(b); err != nil {
		return s, "", err
	}
	s = state{ID: fmt.Sprintf("%x", b), Options: o, Owner: owner, Detached: detached}
	dir = filepath.Join(runRoot(cache), s.ID)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return s, "", err
	}
	return s, dir, s.write(dir)
}

func (s state) write(dir string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	temp := filepath.Join(dir, stateName+".new")
	if err := os.WriteFile(temp, text, 0o644); err != nil {
		return err
	}
	return os.Rename(temp, filepath.Join(dir, stateName))
}

func readState(dir string) (state, error) {
	var s state
	text, err := os.ReadFile(filepath.Join(dir, stateName))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(text, &s)
}

// Logs of ended rigs are kept for a day.
const keepLogs = 24 * time.Hour

// sweep clears away what rigs that died left behind.
func sweep(cache assets.Cache) error {
	dirs, err := filepath.Glob(filepath.Join(runRoot(cache), "*"))
	if err != nil {
		return err
	}
	var failed error
	for _, dir := range dirs {
		failed = errors.Join(failed, sweepOne(dir))
	}
	return failed
}

func sweepOne(dir string) error {
	s, err := readState(dir)
	if err != nil { // one that is just being made, or logs
		if info, err := os.Stat(dir); err != nil || time.Since(info.ModTime()) < keepLogs {
			return nil
		}
		return os.RemoveAll(dir)
	}
	if s.Owner.Alive() || s.Parent.Alive() {
		return nil // in use, or ending itself
	}
	if err := process.RemoveCgroup(s.cgroup()); err != nil {
		return fmt.Errorf("clear away rig %s: %w", s.ID, err)
	}
	return os.RemoveAll(dir)
}

// running returns the directories and states of the rigs that run, the newest last.
func running(cache assets.Cache) (dirs []string, states []state, err error) {
	all, err := filepath.Glob(filepath.Join(runRoot(cache), "*"))
	if err != nil {
		return nil, nil, err
	}
	for _, dir := range all {
		if s, err := readState(dir); err == nil && s.Parent.Alive() {
			dirs, states = append(dirs, dir), append(states, s)
		}
	}
	return dirs, states, nil
}
