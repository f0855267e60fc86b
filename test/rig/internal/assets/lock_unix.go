//go:build unix

package assets

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lock waits until no other process builds for the version.
func (c Cache) lock(v Version) (unlock func(), err error) {
	dir := filepath.Join(c.Dir, string(v))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
	}
	return func() { _ = f.Close() }, nil
}
