//go:build unix && !linux

package engine

import (
	"errors"

	"golang.org/x/sys/unix"
)

// System calls on sockets that do not wait, repeated when a signal interrupts.

func read(fd int, b []byte) (int, error) { return again(unix.Read, fd, b) }

func write(fd int, b []byte) (int, error) { return again(unix.Write, fd, b) }

func again(call func(fd int, b []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		n, err := call(fd, b)
		if !errors.Is(err, unix.EINTR) {
			return max(n, 0), err
		}
	}
}
