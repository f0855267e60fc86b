package probe

import (
	"errors"

	"golang.org/x/sys/windows"
)

// wasRefused and hadNoRoute know the numbers of Winsock, which are not those
// that package syscall has invented for Windows.
func wasRefused(err error) bool {
	return errors.Is(err, windows.WSAECONNREFUSED) || errors.Is(err, windows.WSAECONNRESET)
}

func hadNoRoute(err error) bool {
	return errors.Is(err, windows.WSAENETUNREACH) || errors.Is(err, windows.WSAEHOSTUNREACH)
}
