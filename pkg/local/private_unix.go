//go:build unix

package local

import (
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

func user() string { return strconv.Itoa(os.Getuid()) }

// isPrivate reports whether a folder is this user's, and nobody else can open it.
func isPrivate(folder fs.FileInfo) bool {
	stat, ok := folder.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid() && folder.Mode().Perm()&0o077 == 0
}

// keepsEntries reports whether a folder is root's or this user's, and others
// cannot rename or remove what they do not own in it.
func keepsEntries(folder fs.FileInfo) bool {
	const othersWrite = 0o002
	stat, ok := folder.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == 0 || int(stat.Uid) == os.Getuid()) &&
		(folder.Mode().Perm()&othersWrite == 0 || folder.Mode()&fs.ModeSticky != 0)
}
