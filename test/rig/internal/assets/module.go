package assets

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// module is what the programs of a version are built from.
type module struct {
	// dir is the directory of test/rig/kubernetes.
	dir string
	// flags are those of go build that choose the version.
	flags []string
}

// module returns the module of a version. The pinned version is built by the
// go.mod of the source tree; for others a go.mod is written into the cache.
func (c Cache) module(ctx context.Context, v Version) (module, error) {
	dir, err := sourceDir()
	if err != nil || v == Kubernetes {
		return module{dir, []string{"-mod=readonly"}}, err
	}
	file := filepath.Join(c.Dir, string(v), "go.mod")
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		err = c.writeModule(ctx, v, file)
		if err != nil {
			return module{}, fmt.Errorf("write a go.mod for Kubernetes %s: %w", v, err)
		}
	}
	return module{dir, []string{"-mod=mod", "-modfile=" + file, "-tags=" + strings.Join(v.tags(), ",")}}, nil
}

// goMod is what go mod edit -json prints, as far as it is needed.
type goMod struct {
	Go      string
	Godebug []struct{ Key, Value string }
	Require []struct{ Path, Version string }
	Replace []struct {
		Old, New struct{ Path, Version string }
	}
}

// writeModule writes go.mod and go.sum of a module that requires what
// k8s.io/kubernetes of the version does. In its own go.mod the libraries that
// are published with it have version v0.0.0, and directories in their place.
func (c Cache) writeModule(ctx context.Context, v Version, file string) error {
	var downloaded struct{ GoMod, Dir string }
	if err := c.goJSON(ctx, &downloaded, "mod", "download", "-json", "k8s.io/kubernetes@"+string(v)); err != nil {
		return err
	}
	var theirs goMod
	if err := c.goJSON(ctx, &theirs, "mod", "edit", "-json", downloaded.GoMod); err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(downloaded.Dir, "go.sum"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := replaceFile(strings.TrimSuffix(file, ".mod")+".sum", sums); err != nil {
		return err
	}
	return replaceFile(file, theirs.ours(v))
}

// ours returns the go.mod of a module that builds a version of Kubernetes, from
// the one of k8s.io/kubernetes.
func (m goMod) ours(v Version) []byte {
	var text bytes.Buffer
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(&text, format+"\n", args...) }
	line("// Written by go run ./test/rig build, from the go.mod of k8s.io/kubernetes %s.", v)
	line("module github.com/kubectl-nodeport/kubectl-nodeport/test/rig/kubernetes")
	line("go %s", m.Go)
	for _, setting := range m.Godebug {
		line("godebug %s=%s", setting.Key, setting.Value)
	}
	line("require k8s.io/kubernetes %s", v)
	for _, r := range m.Require {
		if r.Version == "v0.0.0" {
			r.Version = v.library()
		}
		line("require %s %s", r.Path, r.Version)
	}
	for _, r := range m.Replace {
		if r.New.Version != "" {
			line("replace %s %s => %s %s", r.Old.Path, r.Old.Version, r.New.Path, r.New.Version)
		}
	}
	return text.Bytes()
}

// replaceFile writes a file that appears whole or not at all.
func replaceFile(path string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	_, err = temp.Write(text)
	if err := errors.Join(err, temp.Close()); err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return os.Rename(temp.Name(), path)
}

// goJSON runs the go command and decodes what it prints.
func (c Cache) goJSON(ctx context.Context, into any, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return json.Unmarshal(out, into)
}
