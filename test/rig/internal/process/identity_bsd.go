//go:build unix && !linux

package process

import (
	"os"
	"syscall"
)

func startTime(pid int) (string, error) { return "", syscall.Kill(pid, 0) }

func self() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}
