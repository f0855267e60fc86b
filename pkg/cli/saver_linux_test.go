package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"
)

func TestOnAFullDiskASavedServiceStaysAsItWas(t *testing.T) {
	folder := t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=16k"); err != nil {
		t.Skipf("skipped: no small file system can be mounted: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(folder, 0) })
	s, web := newSaver(folder), savable("docs", "web")
	if err := s.save([]*corev1.Service{web}); err != nil {
		t.Fatal(err)
	}
	path, _ := s.path(web)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	filler := filepath.Join(folder, "filler")
	if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	changed := savable("docs", "web")
	changed.Spec.Ports[0].Port = 81
	err = s.save([]*corev1.Service{changed, savable("docs", "api")})
	for _, want := range []string{"cannot save service docs/web in " + path + ": no space left on device; it is tried again", "cannot save service docs/api in "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file holds %q, %v", after, err)
	}
	if got := filesIn(t, folder); len(got) != 2 {
		t.Errorf("it left %q", got)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := s.save([]*corev1.Service{changed, savable("docs", "api")}); err != nil {
		t.Error(err)
	}
}
