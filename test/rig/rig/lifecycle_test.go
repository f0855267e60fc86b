//go:build linux

package rig

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/assets"
)

// envVictim has TestVictim start a rig of the level and wait for its death.
const envVictim = "NODEPORT_RIG_TEST_VICTIM"

// victim is what a test binary that is to die says about its rig.
type victim struct {
	State state
	Dir   string
	Pids  []int
}

func TestVictim(t *testing.T) {
	l := level(os.Getenv(envVictim))
	if l == "" {
		return // it only serves the other tests
	}
	c := start(t, newOptions(l, nil))
	if l == clusterLevel {
		ns := c.Namespace(t)
		c.Pod(t, ns, "web", "", "-http", ":300")
	}
	text, err := json.Marshal(victim{c.state, c.dir, descendants(c.Parent.Pid)})
	must(t, err)
	fmt.Printf("\n%s\n", text)
	select {}
}

func TestNothingIsLeftOfARigWhoseTestBinary(t *testing.T) {
	for _, l := range []level{apiLevel, clusterLevel} {
		for name, kill := range map[string]func(v victim, binary *os.Process) error{
			"is killed":      func(_ victim, b *os.Process) error { return b.Kill() },
			"is interrupted": func(_ victim, b *os.Process) error { return b.Signal(syscall.SIGINT) },
			"is terminated":  func(_ victim, b *os.Process) error { return b.Signal(syscall.SIGTERM) },
		} {
			t.Run(fmt.Sprintf("%s at the %s level", name, l), func(t *testing.T) {
				v, binary := startVictim(t, l)
				must(t, kill(v, binary))
				Eventually(t, 20*time.Second, v.gone)
			})
		}
	}
}

func TestNextRigClearsAwayWhatIsLeft(t *testing.T) {
	for _, l := range []level{apiLevel, clusterLevel} {
		t.Run(string(l), func(t *testing.T) {
			v, binary := startVictim(t, l)
			parent, err := os.FindProcess(v.State.Parent.Pid)
			must(t, err)
			must(t, errors.Join(parent.Kill(), binary.Kill()))
			Eventually(t, 10*time.Second, v.processesGone)
			if _, err := os.Stat(v.Dir); err != nil {
				t.Fatal("nothing was left to clear away")
			}
			cache, err := assets.UserCache()
			must(t, err)
			Eventually(t, 10*time.Second, func() error { return errors.Join(sweep(cache), v.gone()) })
		})
	}
}

// startVictim runs TestVictim in a process of its own and waits for its rig.
func startVictim(t *testing.T, l level) (victim, *os.Process) {
	t.Helper()
	if err := startable(t, newOptions(l, nil)); err != nil {
		skip(t, l, err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), envVictim+"="+string(l), EnvKubeconfig+"=")
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var v victim
		if json.Unmarshal(lines.Bytes(), &v) == nil && v.Dir != "" {
			return v, cmd.Process
		}
	}
	t.Fatal("the victim did not start a rig")
	return victim{}, nil
}

// gone returns an error that names something that is left of the rig.
func (v victim) gone() error {
	if _, err := os.Stat(v.Dir); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is left", v.Dir)
	}
	cgroups, _ := filepath.Glob("/sys/fs/cgroup/*/np" + v.State.ID)
	if len(cgroups) > 0 {
		return fmt.Errorf("cgroups are left: %v", cgroups)
	}
	return v.processesGone()
}

func (v victim) processesGone() error {
	for _, pid := range append(v.Pids, v.State.Parent.Pid) {
		if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil {
			return fmt.Errorf("process %d is left: %s", pid, exe)
		}
	}
	return nil
}

// descendants returns the processes below one.
func descendants(pid int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		parent := parentOf(stat)
		children[parent] = append(children[parent], child)
	}
	all := children[pid]
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// parentOf reads a process's parent, the second field after its name.
func parentOf(stat string) int {
	text, _ := os.ReadFile(stat)
	for i := len(text) - 1; i > 0; i-- {
		if text[i] == ')' {
			var state string
			var parent int
			_, _ = fmt.Sscan(string(text[i+1:]), &state, &parent)
			return parent
		}
	}
	return 0
}
