package probe

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isRefused reports whether err is a Winsock error for a refused or reset
// connection. Winsock's error numbers differ from those that package syscall
// defines for Windows.
func isRefused(err error) bool {
	return errors.Is(err, windows.WSAECONNREFUSED) || errors.Is(err, windows.WSAECONNRESET)
}

// isNoRoute reports whether err is a Winsock error for an address without a
// route.
func isNoRoute(err error) bool {
	return errors.Is(err, windows.WSAENETUNREACH) || errors.Is(err, windows.WSAEHOSTUNREACH)
}
