package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"syscall"
)

// HeldError tells that another program has a port.
type HeldError struct {
	Address netip.AddrPort
	// Process is the program, and PID its number; empty and 0 when that is not
	// known, as of another user's.
	Process string
	PID     int
	err     error
}

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("%s is taken by another program", e.Address)
	}
	return fmt.Sprintf("%s is taken by %s (process %d)", e.Address, e.Process, e.PID)
}

// Unwrap returns what the system said.
func (e *HeldError) Unwrap() error { return e.err }

// explain says of an error with a port what can be done about it.
func explain(err error, at socket) error {
	// Windows has numbers of its own.
	const wsaEACCES, wsaEADDRINUSE, wsaEADDRNOTAVAIL = syscall.Errno(10013), syscall.Errno(10048), syscall.Errno(10049)
	ip, port := at.address.Addr(), at.address.Port()
	switch {
	case errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaEADDRINUSE):
		process, pid := holder(at)
		return &HeldError{Address: at.address, Process: process, PID: pid, err: err}
	case errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, wsaEADDRNOTAVAIL):
		if runtime.GOOS == "darwin" && ip.Is4() && ip.IsLoopback() {
			return fmt.Errorf("%s is not an address of this machine: sudo ifconfig lo0 alias %s up: %w", ip, ip, err)
		}
		return fmt.Errorf("%s is not an address of this machine: %w", ip, err)
	case port < 1024 && (errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM)):
		if runtime.GOOS == "linux" {
			return fmt.Errorf("only root may open port %d here: sudo sysctl net.ipv4.ip_unprivileged_port_start=%d, or give the program the capability CAP_NET_BIND_SERVICE: %w", port, port, err)
		}
		return fmt.Errorf("only root may open port %d at %s: take a port from 1024 on: %w", port, ip, err)
	case errors.Is(err, wsaEACCES):
		return fmt.Errorf("%s is taken by another program, or reserved (netsh interface ipv4 show excludedportrange %s): %w", at.address, at.protocol, err)
	}
	return err
}
