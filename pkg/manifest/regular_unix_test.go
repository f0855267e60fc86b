//go:build unix

package manifest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestOnlyRegularFilesAreReadUnlessTheyAreNamed(t *testing.T) {
	dir := t.TempDir()
	pipe, zero, long := filepath.Join(dir, "pipe.yaml"), filepath.Join(dir, "zero.yaml"), filepath.Join(dir, "long.txt")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink("/dev/zero", zero), os.WriteFile(long, make([]byte, 2000), 0o600)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "not a regular file", zero: "not a regular file", dir: "not a regular file", long: "larger than 1 KiB"} {
		if _, err := ReadRegular(path, 1<<10); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("reading %s gave %v, want %q", filepath.Base(path), err, want)
		}
	}
	if data, err := ReadRegular(long, 2000); len(data) != 2000 || err != nil {
		t.Errorf("reading a file of the limit gave %d bytes, %v", len(data), err)
	}

	_, err := Read(t.Context(), Source{Paths: []string{dir}})
	for _, want := range []string{"pipe.yaml", "zero.yaml"} {
		if err == nil || !strings.Contains(err.Error(), want+`" cannot be read: it is not a regular file`) {
			t.Errorf("the error of the folder is %v", err)
		}
	}

	_, err = Read(t.Context(), Source{Paths: []string{zero}})
	if err == nil || !strings.Contains(err.Error(), "is larger than 64 MiB") {
		t.Errorf("the error of a named device is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if set, err := Read(ctx, Source{Paths: []string{pipe}}); set != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("a pipe without a writer gave %v", err)
	}
}
