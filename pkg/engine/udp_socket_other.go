//go:build !linux

package engine

import (
	"net"
	"net/netip"
)

// listenPackets opens a socket for clients. One for all addresses answers from
// the address that the system chooses.
func (e *Engine) listenPackets(at netip.AddrPort) (packets, error) {
	conn, err := net.ListenUDP(udpNetwork(at), net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, err
	}
	return newPlainPackets(conn), nil
}

// endpointPackets takes a connection to an endpoint.
func (e *Engine) endpointPackets(conn net.Conn) (packets, error) { return newPlainPackets(conn), nil }
