//go:build unix

package local

import (
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

func user() string { return strconv.Itoa(os.Getuid()) }

// isPrivate tells whether nobody else can open a folder, or has made it.
func isPrivate(folder fs.FileInfo) bool {
	stat, ok := folder.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid() && folder.Mode().Perm()&0o077 == 0
}
