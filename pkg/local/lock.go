package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// errLocked reports that another process, or another holder in this one, has a
// lock.
var errLocked = errors.New("locked")

// lock is a file that one holder has. The system gives it up when the process
// ends, however that ends; what the file says is for people only.
type lock struct{ file *os.File }

// takeLock takes the lock at path without waiting. The error is errLocked while
// another holder has it. The file names this process.
func takeLock(path string) (*lock, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := lockFile(file); err != nil {
			_ = file.Close()
			return nil, err
		}
		if !isAt(file, path) { // the holder before removed it in the meantime
			_ = file.Close()
			continue
		}
		l := &lock{file}
		_ = file.Truncate(0)
		_, _ = fmt.Fprintf(file, "%d\n", os.Getpid())
		return l, nil
	}
}

// release removes the file, and gives up the lock.
func (l *lock) release() {
	removeLocked(l.file)
	_ = l.file.Close()
}

// isAt reports whether an open file is the one at path.
func isAt(file *os.File, path string) bool {
	open, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(open, there)
}

// lockHolder returns the process that a lock file names; 0 if it names none.
func lockHolder(path string) int {
	file, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	const longest = 20
	text, _ := io.ReadAll(io.LimitReader(file, longest))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}
