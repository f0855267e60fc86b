package engine

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func listenSCTP(at netip.AddrPort) (*net.TCPListener, error) {
	socket, err := sctpSocket(at)
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	fd := int(socket.Fd())
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Bind(fd, sockaddr(at)); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(fd, unix.SOMAXCONN); err != nil {
		return nil, os.NewSyscallError("listen", err)
	}
	listener, err := net.FileListener(socket)
	if err != nil {
		return nil, err
	}
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		_ = listener.Close()
		return nil, errNoSCTP
	}
	return tcp, nil
}

// dialSCTP connects while its goroutine waits in the kernel, which SO_SNDTIMEO bounds.
func dialSCTP(to netip.AddrPort, timeout time.Duration) (net.Conn, error) {
	socket, err := sctpSocket(to)
	if err != nil {
		return nil, err
	}
	defer socket.Close()
	fd := int(socket.Fd())
	wait := unix.NsecToTimeval(timeout.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &wait); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Connect(fd, sockaddr(to)); err != nil {
		if errors.Is(err, unix.EINPROGRESS) {
			err = unix.ETIMEDOUT
		}
		return nil, os.NewSyscallError("connect", err)
	}
	return net.FileConn(socket)
}

// sctpSocket makes a socket of one association, which blocks.
func sctpSocket(at netip.AddrPort) (*os.File, error) {
	family := unix.AF_INET
	if at.Addr().Unmap().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_SCTP)
	if errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.ESOCKTNOSUPPORT) || errors.Is(err, unix.EAFNOSUPPORT) {
		return nil, errNoSCTP
	}
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	return os.NewFile(uintptr(fd), "sctp"), nil
}
