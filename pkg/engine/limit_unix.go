//go:build unix

package engine

import "golang.org/x/sys/unix"

// descriptors is how many this process may have open. Go has raised that
// already as far as is allowed (syscall/rlimit.go).
func descriptors() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil || limit.Cur > 1<<30 {
		return 0
	}
	return int(limit.Cur)
}
