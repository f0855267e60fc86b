package engine

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// Clients that went away without a word are noticed after keepAliveIdle and
// keepAliveCount probes, keepAliveInterval apart.
const (
	keepAliveIdle     = 60 * time.Second
	keepAliveInterval = 15 * time.Second
	keepAliveCount    = 4
)

func keepAliveConfig() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveCount}
}

// listenTCP opens the socket of a binding, of TCP or SCTP.
func listenTCP(b *binding) (*net.TCPListener, error) {
	if b.way.Protocol == "SCTP" {
		return listenSCTP(b.way.Address)
	}
	network := "tcp4"
	if b.way.Address.Addr().Unmap().Is6() {
		network = "tcp6"
	}
	config := listenConfig()
	// A listener for multipath TCP costs each connection more than it gains
	// those few that would use it.
	config.SetMultipathTCP(false)
	listener, err := config.Listen(context.Background(), network, b.way.Address.String())
	if err != nil {
		return nil, err
	}
	return listener.(*net.TCPListener), nil
}

// listenTCP makes the server of a binding of TCP or SCTP.
func (e *Engine) listenTCP(b *binding) (server, error) {
	listener, err := listenTCP(b)
	if err != nil {
		return nil, err
	}
	if b.way.Protocol == "SCTP" {
		return newTCPServer(e, b, listener), nil
	}
	return newServer(e, b, listener)
}

// addressOf returns the address of one end of a TCP connection.
func addressOf(end net.Addr) netip.AddrPort {
	if tcp, ok := end.(*net.TCPAddr); ok {
		return tcp.AddrPort()
	}
	return netip.AddrPort{}
}
