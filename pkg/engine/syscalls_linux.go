package engine

import (
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls on sockets that do not wait. The Go runtime is not told of
// them: that costs more than a small message, and lets its monitor hand the
// processor of an event loop to another thread in the middle of a call.

func read(fd int, b []byte) (int, error) {
	return transfer(unix.SYS_READ, fd, unsafe.Pointer(&b[0]), len(b), 0)
}

func write(fd int, b []byte) (int, error) {
	return transfer(unix.SYS_WRITE, fd, unsafe.Pointer(&b[0]), len(b), 0)
}

// mmsg calls recvmmsg or sendmmsg.
func mmsg(trap uintptr, fd int, headers []unix.Mmsghdr) (int, error) {
	return transfer(trap, fd, unsafe.Pointer(&headers[0]), len(headers), unix.MSG_DONTWAIT)
}

// transfer reads or writes, again when a signal interrupts it.
func transfer(trap uintptr, fd int, what unsafe.Pointer, n int, flags uintptr) (int, error) {
	for {
		done, _, errno := unix.RawSyscall6(trap, uintptr(fd), uintptr(what), uintptr(n), flags, 0, 0)
		switch errno {
		case 0:
			return int(done), nil
		case unix.EINTR:
			continue
		}
		return 0, errno
	}
}

func splice(from, to, most int) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_SPLICE, uintptr(from), 0, uintptr(to), 0, uintptr(most),
			unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
			continue
		}
		return 0, errno
	}
}

// accept takes the next connection from the queue of a listener that does not wait.
func accept(fd int) (int, netip.AddrPort, error) {
	for {
		var from unix.RawSockaddrInet6
		size := uint32(unix.SizeofSockaddrInet6)
		accepted, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&from)),
			uintptr(unsafe.Pointer(&size)), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		switch errno {
		case 0:
			return int(accepted), address(&from), nil
		case unix.EINTR, unix.ECONNABORTED:
			continue
		}
		return -1, netip.AddrPort{}, errno
	}
}

// connect begins to connect a socket that does not wait.
func connect(fd int, to netip.AddrPort) error {
	var name unix.RawSockaddrInet6
	size := putAddress(&name, to)
	_, _, errno := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&name)), uintptr(size))
	switch errno {
	case 0, unix.EINPROGRESS, unix.EINTR:
		return nil
	}
	return os.NewSyscallError("connect", errno)
}

// shutdownWrite ends what is written to a socket.
func shutdownWrite(fd int) {
	_, _, _ = unix.RawSyscall(unix.SYS_SHUTDOWN, uintptr(fd), unix.SHUT_WR, 0)
}

// closeNow closes a descriptor whose close does not wait. A signal that
// interrupts it does not keep the descriptor open.
func closeNow(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }

// localAddress returns this side's address of a socket.
func localAddress(fd int) (netip.AddrPort, error) {
	var own unix.RawSockaddrInet6
	size := uint32(unix.SizeofSockaddrInet6)
	_, _, errno := unix.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&own)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return netip.AddrPort{}, os.NewSyscallError("getsockname", errno)
	}
	return address(&own), nil
}

func sockaddr(at netip.AddrPort) unix.Sockaddr {
	if ip := at.Addr().Unmap(); ip.Is4() {
		return &unix.SockaddrInet4{Port: int(at.Port()), Addr: ip.As4()}
	}
	return &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
}
