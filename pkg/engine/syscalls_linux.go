package engine

import (
	"errors"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls on sockets that do not wait, repeated when a signal interrupts.

func read(fd int, b []byte) (int, error) { return call(unix.SYS_READ, fd, b) }

func write(fd int, b []byte) (int, error) { return call(unix.SYS_WRITE, fd, b) }

// call does not tell the runtime of a system call that never waits, which is
// dear compared with a small message. b is not empty.
func call(trap uintptr, fd int, b []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
			continue
		}
		return 0, errno
	}
}

func splice(from, to, most int) (int, error) {
	for {
		n, err := unix.Splice(from, nil, to, nil, most, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if err != unix.EINTR {
			return int(n), err
		}
	}
}

// accept takes the next connection from a listener's queue. Package unix would
// also ask of which protocol it is, as it would for localAddress.
func accept(fd int) (int, netip.AddrPort, error) {
	for {
		accepted, from, err := syscall.Accept4(fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.ECONNABORTED) {
			return accepted, addrPort(from), err
		}
	}
}

// localAddress returns this side's address of a socket.
func localAddress(fd int) (netip.AddrPort, error) {
	own, err := syscall.Getsockname(fd)
	return addrPort(own), os.NewSyscallError("getsockname", err)
}

func addrPort(s syscall.Sockaddr) netip.AddrPort {
	switch s := s.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(s.Addr), uint16(s.Port))
	case *syscall.SockaddrInet6:
		ip := netip.AddrFrom16(s.Addr)
		if s.ZoneId != 0 {
			ip = ip.WithZone(strconv.Itoa(int(s.ZoneId)))
		}
		return netip.AddrPortFrom(ip, uint16(s.Port))
	}
	return netip.AddrPort{}
}

func sockaddr(at netip.AddrPort) unix.Sockaddr {
	if ip := at.Addr().Unmap(); ip.Is4() {
		return &unix.SockaddrInet4{Port: int(at.Port()), Addr: ip.As4()}
	}
	return &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
}
