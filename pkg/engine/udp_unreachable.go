//go:build !windows

package engine

import (
	"errors"
	"syscall"
)

// isUnreachable tells whether an ICMP message came back: the endpoint refused,
// or somebody on the way said that it is not there.
func isUnreachable(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}
