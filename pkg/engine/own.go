package engine

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// OwnSocketError reports an endpoint that is a socket of the engine itself. A
// client would be led back to it without end.
type OwnSocketError struct {
	Address netip.AddrPort
	// Way is what the socket is open for.
	Way Way
}

func (e *OwnSocketError) Error() string {
	return fmt.Sprintf("%s is a port of service %s/%s that this program opened itself, so connections would lead back to it",
		e.Address, e.Way.Namespace, e.Way.Service)
}

// ownSockets are the open ports of an engine. The zero value has none.
type ownSockets struct {
	mu   sync.RWMutex
	open map[socket]Way
}

// add registers an open port, or for what it is open now.
func (o *ownSockets) add(b *binding) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open == nil {
		o.open = map[socket]Way{}
	}
	o.open[ownSocket(b)] = b.way
}

func (o *ownSockets) remove(b *binding) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, ownSocket(b))
}

func ownSocket(b *binding) socket {
	at := b.way.Address
	return socket{b.way.Protocol, netip.AddrPortFrom(at.Addr().Unmap(), at.Port())}
}

// check returns an OwnSocketError if an address leads to one of the sockets, by
// whatever alias.
func (o *ownSockets) check(protocol string, to netip.AddrPort) error {
	ip, every := to.Addr().WithZone("").Unmap(), netip.IPv4Unspecified()
	if ip.Is6() {
		every = netip.IPv6Unspecified()
	}
	switch ip { // a connection to every address reaches this machine's loopback
	case netip.IPv4Unspecified():
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case netip.IPv6Unspecified():
		ip = netip.IPv6Loopback()
	}
	o.mu.RLock()
	way, own := o.open[socket{protocol, netip.AddrPortFrom(ip, to.Port())}]
	all, onAll := o.open[socket{protocol, netip.AddrPortFrom(every, to.Port())}]
	o.mu.RUnlock()
	switch {
	case own:
		return &OwnSocketError{Address: to, Way: way}
	case onAll && isThisMachine(ip):
		return &OwnSocketError{Address: to, Way: all}
	}
	return nil
}

// isThisMachine reports whether an address is one of this machine: then it is
// also the one from which the machine sends to it. Nothing is sent.
func isThisMachine(ip netip.Addr) bool {
	if ip.IsLoopback() {
		return true
	}
	const anyPort = 9
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, anyPort)))
	if err != nil {
		return false
	}
	defer conn.Close()
	from, ok := conn.LocalAddr().(*net.UDPAddr)
	return ok && from.AddrPort().Addr().Unmap() == ip
}

// ownEndpoint returns an OwnSocketError if the address at which a Dialer would
// reach an endpoint by TCP or SCTP is known, and the engine's own.
func (e *Engine) ownEndpoint(to *Target) error {
	if d, ok := e.options.Dialer.(Addresser); ok {
		if at, ok := d.Address(to); ok {
			return e.own.check(to.Way.Protocol, at)
		}
	}
	return nil
}

// ownConnection returns an OwnSocketError if a socket that a Dialer connected
// leads to the engine itself.
func (e *Engine) ownConnection(protocol string, conn net.Conn) error {
	switch conn.(type) {
	case *net.TCPConn, *net.UDPConn:
	default:
		return nil
	}
	switch to := conn.RemoteAddr().(type) {
	case *net.TCPAddr:
		return e.own.check(protocol, to.AddrPort())
	case *net.UDPAddr:
		return e.own.check(protocol, to.AddrPort())
	}
	return nil
}
