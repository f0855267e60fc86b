package local

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile locks a byte behind the contents: others can read those.
func lockFile(file *os.File) error {
	const behind = 1 << 20
	err := windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, &windows.Overlapped{Offset: behind})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	return err
}

// removeLocked leaves the file: Windows removes no open file.
func removeLocked(*os.File) {}
