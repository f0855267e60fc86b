package engine

import (
	"errors"
	"syscall"
)

// isUnreachable tells whether an ICMP message came back: the endpoint refused,
// or somebody on the way said that it is not there.
func isUnreachable(err error) bool {
	const wsaENetReset = syscall.Errno(10052)
	return errors.Is(err, syscall.WSAECONNRESET) || errors.Is(err, wsaENetReset)
}
