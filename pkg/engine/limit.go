package engine

import (
	"errors"
	"fmt"
	"syscall"
)

// LimitError reports that as many clients are open as are allowed, or as there
// are file descriptors for.
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

// room is how the file descriptors of the process are shared out; 0 of
// anything is any number.
type room struct {
	// connections take two descriptors each, for the client and the endpoint,
	// and sessions one for the endpoint.
	connections, sessions int
	// pipes take two each, where the system moves bytes between sockets. Those
	// that find none are moved by the program.
	pipes int
}

const (
	// reservedDescriptors are for what is neither a port nor a client's: the
	// standard streams, the runtime's and the engine's event loops, clients of
	// the status server and of the control socket, files that are read again,
	// the API server. A process that may have few keeps half of them.
	reservedDescriptors = 48
	// mostSessions bounds what anybody can make with forged addresses. Each
	// session takes about 10 KB.
	mostSessions = 1 << 15
)

// share gives each its part of the descriptors that are allowed: of what ports
// leave, an eighth to pipes, a quarter to sessions if there are ports of UDP,
// and the rest to connections.
func share(descriptors, ports int, udp bool) room {
	if descriptors == 0 {
		return room{sessions: mostSessions}
	}
	left := max(descriptors-min(reservedDescriptors, descriptors/2)-ports, 8)
	r := room{pipes: max(left/16, 1), sessions: 1}
	if udp {
		r.sessions = min(left/4, mostSessions)
	}
	r.connections = max((left-2*r.pipes-r.sessions)/2, 1)
	return r
}

// within bounds a number that a user chose, 0 for none, by what there is room
// for.
func within(chosen, room int) int {
	switch {
	case chosen == 0:
		return room
	case room == 0:
		return chosen
	}
	return min(chosen, room)
}

// MostConnections is how many connections this process can have open at a time;
// 0 for any number. Ports take from it.
func MostConnections() int { return share(descriptors(), 0, false).connections }

// makeRoom gives clients the descriptors that the ports of a plan leave.
func (e *Engine) makeRoom(to *plan) {
	udp := false
	for _, b := range to.order {
		udp = udp || b.way.Protocol == "UDP"
	}
	r := share(descriptors(), len(to.order), udp)
	e.open.bound(within(e.options.MaxConnections, r.connections))
	e.sessions.bound(within(e.options.MaxSessions, r.sessions))
	e.pipes.bound(r.pipes)
}
