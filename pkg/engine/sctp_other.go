//go:build !linux

package engine

import (
	"net"
	"net/netip"
	"time"
)

func listenSCTP(netip.AddrPort) (*net.TCPListener, error) { return nil, errNoSCTP }

func dialSCTP(netip.AddrPort, time.Duration) (net.Conn, error) { return nil, errNoSCTP }
