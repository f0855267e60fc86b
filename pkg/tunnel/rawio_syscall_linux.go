//go:build !race

package tunnel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// These system calls bypass the runtime, as they never wait. p is not empty.

func rawRead(fd uintptr, p []byte) (int, error) { return rawCall(unix.SYS_READ, fd, p) }

func rawWrite(fd uintptr, p []byte) (int, error) { return rawCall(unix.SYS_WRITE, fd, p) }

func rawCall(call, fd uintptr, p []byte) (int, error) {
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
