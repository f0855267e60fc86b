package local

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// inFolder has control sockets in the folder for temporary files, which is the
// test's own. Paths of sockets have to be short.
func inFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "run")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", folder)
	t.Setenv("TMP", folder) // of Windows
	return folder
}

// listening takes connections at the control socket of a run until the test ends.
func listening(t *testing.T, name string) net.Listener {
	t.Helper()
	listener, err := Listen(name)
	var without *NoSocketError
	if errors.As(err, &without) {
		t.Skipf("skipped: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func TestOfTwoRunsOfOneNameAtTheSameMomentOneWins(t *testing.T) {
	inFolder(t)
	_ = listening(t, "first").Close()
	for range 300 {
		var group sync.WaitGroup
		listeners, errs := make([]net.Listener, 2), make([]error, 2)
		for i := range listeners {
			group.Go(func() { listeners[i], errs[i] = Listen("both") })
		}
		group.Wait()
		var taken *TakenError
		won := 0
		for i, listener := range listeners {
			if errs[i] == nil {
				won++
				_ = listener.Close()
			} else if !errors.As(errs[i], &taken) {
				t.Fatal(errs[i])
			}
		}
		if won != 1 || taken == nil {
			t.Fatalf("%d runs have the name: %v", won, errs)
		}
	}
}

func TestARunWhoseNameIsTakenNamesTheProcessThatHasIt(t *testing.T) {
	inFolder(t)
	first := listening(t, "web")
	var taken *TakenError
	if _, err := Listen("web"); !errors.As(err, &taken) || taken.PID != os.Getpid() || taken.Name != "web" {
		t.Errorf("a second run gets %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	_ = first.Close() // is harmless
	_ = listening(t, "web").Close()
}

func TestWhatSomebodyElsePutInThePlaceOfTheFolderStopsNoRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: the folder for temporary files is each user's own")
	}
	for name, put := range map[string]func(path, target string) error{
		"a link to a folder":         func(path, target string) error { return os.Symlink(target, path) },
		"a link that leads nowhere":  func(path, target string) error { return os.Symlink(filepath.Join(target, "missing"), path) },
		"a file":                     func(path, _ string) error { return os.WriteFile(path, nil, 0o600) },
		"a folder that all can open": func(path, _ string) error { return errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, 0o777)) },
		"the folder of another user": func(path, _ string) error {
			if os.Getuid() != 0 {
				t.Skip("skipped: only root can give folders away")
			}
			return errors.Join(os.Mkdir(path, 0o700), os.Chown(path, 12345, 12345))
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder, target := inFolder(t), t.TempDir()
			if err := put(filepath.Join(folder, folderName()), target); err != nil {
				t.Fatal(err)
			}
			listening(t, "web")
			conn, err := Dial(t.Context(), "web")
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.Close()
			var taken *TakenError
			if _, err := Listen("web"); !errors.As(err, &taken) {
				t.Errorf("a second run gets %v", err)
			}
			if entries, err := os.ReadDir(target); err != nil || len(entries) > 0 {
				t.Errorf("the link was followed: %v, %v", entries, err)
			}
		})
	}
}

func TestAFolderWhoseEntriesOthersCanReplaceHasNoSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: folders have no such permissions")
	}
	inFolder(t)
	open := t.TempDir()
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", open)
	listening(t, "web")
	if entries, err := os.ReadDir(open); err != nil || len(entries) > 0 {
		t.Errorf("it is used: %v, %v", entries, err)
	}
	if err := os.Chmod(open, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	listening(t, "other")
	if entries, err := os.ReadDir(open); err != nil || len(entries) != 1 {
		t.Errorf("one in which all can only add is not used: %v, %v", entries, err)
	}
}

func TestRunsFoundByNoNameAreListed(t *testing.T) {
	inFolder(t)
	listening(t, "web")
	listening(t, "api")
	var missing *NotRunningError
	if _, err := Dial(t.Context(), "db"); !errors.As(err, &missing) || len(missing.Others) != 2 || missing.Others[0] != "api" {
		t.Errorf("got %+v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Dial(ctx, "web"); !errors.Is(err, context.Canceled) {
		t.Errorf("when nobody waits any more: %v", err)
	}
}

func TestALockIsFreeAfterItsHolderHasRemovedIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for range 3 {
		l, err := takeLock(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := takeLock(path); !errors.Is(err, errLocked) {
			t.Errorf("a second holder gets %v", err)
		}
		if pid := lockHolder(path); pid != os.Getpid() {
			t.Errorf("it names process %d", pid)
		}
		l.release()
	}
	if pid := lockHolder(filepath.Join(t.TempDir(), "none")); pid != 0 {
		t.Errorf("a missing lock names process %d", pid)
	}
}

// filesOf returns the names of the files in a folder.
func filesOf(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
