package engine

import (
	"errors"
	"fmt"
	"syscall"
)

// LimitError tells that Options.MaxConnections or Options.MaxSessions are open.
type LimitError struct{ Max int }

func (e *LimitError) Error() string {
	return fmt.Sprintf("%d are open, and no more are allowed", e.Max)
}

// scarce tells whether an error is about what this machine is short of, and
// not about whom it was to reach.
func scarce(err error) bool {
	// Windows has numbers of its own for sockets.
	const wsaEMFILE, wsaENOBUFS, wsaEADDRNOTAVAIL = syscall.Errno(10024), syscall.Errno(10055), syscall.Errno(10049)
	for _, e := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ENOSPC, syscall.EADDRNOTAVAIL,
		wsaEMFILE, wsaENOBUFS, wsaEADDRNOTAVAIL,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// maxConnections is what the limit of descriptors leaves room for: each
// connection has two, and a fifth is left for ports and what splice needs. It
// is 0 where there is no such limit.
func maxConnections() int { return descriptors() * 2 / 5 }

// maxSessions leaves most descriptors to connections, because anybody can make
// sessions with forged addresses. Each has one descriptor and about 10 KB.
func maxSessions() int {
	const most = 1 << 15
	if d := descriptors(); d > 0 {
		return min(d/5, most)
	}
	return most
}
