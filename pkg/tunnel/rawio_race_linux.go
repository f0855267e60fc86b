//go:build race

package tunnel

import (
	"errors"
	"syscall"
)

// With the race detector, package syscall makes the calls, which reports to it
// what happens before what.

func rawRead(fd uintptr, p []byte) (int, error) { return retry(syscall.Read, fd, p) }

func rawWrite(fd uintptr, p []byte) (int, error) { return retry(syscall.Write, fd, p) }

func retry(call func(fd int, p []byte) (int, error), fd uintptr, p []byte) (int, error) {
	for {
		n, err := call(int(fd), p)
		if !errors.Is(err, syscall.EINTR) {
			return max(n, 0), err
		}
	}
}
