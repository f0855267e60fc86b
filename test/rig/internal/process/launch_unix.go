//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Launch starts a rig's parent and returns when it serves.
func Launch(c Config) (*Client, error) {
	for _, dir := range []string{c.Logs(), c.Data()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	env, err := c.encode()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(c.Logs(), "rig.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	ready, say, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer ready.Close()
	cmd := exec.Command(self())
	cmd.Args[0] = "rig " + filepath.Base(c.Dir) // as ps shows it
	cmd.Env = append(os.Environ(), env)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{say}
	cmd.SysProcAttr = parentAttr(c.Namespaced)
	leash, err := newLeash(cmd, c.Detached)
	if err != nil {
		return nil, err
	}
	err = cmd.Start()
	_ = say.Close()
	if theirs, ok := cmd.Stdin.(*os.File); ok {
		_ = theirs.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("cannot start the rig's parent process: %w", err)
	}
	return attachTo(cmd, c, ready, leash)
}

// newLeash makes the pipe by which the parent learns of the owner's death; the
// owner holds the returned end for as long as the rig is to live.
func newLeash(cmd *exec.Cmd, detached bool) (*os.File, error) {
	if detached {
		return nil, nil
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdin = theirs
	return ours, nil
}

func attachTo(cmd *exec.Cmd, c Config, ready, leash *os.File) (*Client, error) {
	word := make([]byte, 16)
	if n, _ := ready.Read(word); strings.TrimSpace(string(word[:n])) != "ready" {
		_ = cmd.Wait()
		text, _ := os.ReadFile(filepath.Join(c.Logs(), "rig.log"))
		return nil, fmt.Errorf("the rig's parent process ended: %s", strings.TrimSpace(string(text)))
	}
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	client, err := Attach(c.Dir, id)
	if err != nil {
		return nil, err
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		if leash != nil {
			_ = leash.Close()
		}
		close(exited)
	}()
	client.wait = func(limit time.Duration) error {
		select {
		case <-exited:
			return nil
		case <-time.After(limit):
			_ = cmd.Process.Kill()
			return errors.New("the rig did not end in time; killed its parent process")
		}
	}
	return client, nil
}
