//go:build race

package tunnel

import (
	"errors"
	"syscall"
)

// The race detector is to see who hears whom, as package syscall tells it.

func quietRead(fd uintptr, p []byte) (int, error) { return again(syscall.Read, fd, p) }

func quietWrite(fd uintptr, p []byte) (int, error) { return again(syscall.Write, fd, p) }

func again(call func(fd int, p []byte) (int, error), fd uintptr, p []byte) (int, error) {
	for {
		n, err := call(int(fd), p)
		if !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}
