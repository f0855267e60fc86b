package engine

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// NotAllowedError reports an address at which the engine opens no port: it is
// no loopback address, and not one of Options.ListenAddresses.
type NotAllowedError struct{ Address netip.AddrPort }

func (e *NotAllowedError) Error() string {
	return fmt.Sprintf("%s is not a loopback address, and only those are opened", e.Address)
}

// allowed returns a NotAllowedError unless a port may be opened at an address.
// Every socket that listens is checked, whatever the table says: tables are
// made from what others wrote. The unspecified address is every address, and so
// allowed only if it was itself named.
func (e *Engine) allowed(at netip.AddrPort) error {
	if isLoopback(at.Addr()) || slices.Contains(e.options.ListenAddresses, at.Addr().Unmap()) {
		return nil
	}
	return &NotAllowedError{Address: at}
}

func isNotAllowed(err error) bool {
	var notAllowed *NotAllowedError
	return errors.As(err, &notAllowed)
}

// isLoopback reports whether only this machine reaches an address. One with a
// zone belongs to an interface.
func isLoopback(ip netip.Addr) bool {
	return ip.Unmap().IsLoopback() && ip.Zone() == ""
}

// CanOpen reports whether a TCP port is free at an address. It opens the port
// for a moment, so the address is one that may be opened.
func CanOpen(at netip.AddrPort) bool {
	listener, err := net.Listen("tcp", at.String())
	if err != nil {
		return false
	}
	_ = listener.Close()
	return true
}
