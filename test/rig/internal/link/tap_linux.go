package link

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const tunDevice = "/dev/net/tun"

// OpenTAP makes a TAP interface in this thread's network namespace, which
// vanishes when the file is closed. The kernel hands out complete packets: it
// computes checksums and splits large segments before, as the interface offers
// neither.
func OpenTAP(name string) (*os.File, error) {
	fd, err := unix.Open(tunDevice, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", tunDevice, err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_TUN_EXCL)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("make TAP interface %s: %w", name, err)
	}
	// Only now can the descriptor be waited for.
	return os.NewFile(uintptr(fd), tunDevice), nil
}
