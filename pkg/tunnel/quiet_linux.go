//go:build !race

package tunnel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls that the runtime is not told of, as they do not wait; what they
// read and write is not empty.

func quietRead(fd uintptr, p []byte) (int, error) { return quiet(unix.SYS_READ, fd, p) }

func quietWrite(fd uintptr, p []byte) (int, error) { return quiet(unix.SYS_WRITE, fd, p) }

func quiet(call, fd uintptr, p []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall(call, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
			continue
		}
		return 0, errno
	}
}
