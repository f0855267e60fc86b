package engine

import (
	"io"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// connect asks the endpoint that was picked for a connection, and others when
// that fails at once.
func (p *pair) connect() {
	for {
		to, ok := p.loop.engine.address(&p.visit.access.Target)
		if !ok {
			p.handOver()
			return
		}
		err := p.loop.engine.own.check("TCP", to)
		if err == nil {
			err = p.dial(to)
		}
		if err == nil || !p.retry(err) {
			return
		}
	}
}

// dial begins to connect to an address.
func (p *pair) dial(to netip.AddrPort) error {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	family := unix.AF_INET
	if to.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return dialError(to, os.NewSyscallError("socket", err))
	}
	if err := connect(fd, to); err != nil {
		closeNow(fd)
		return dialError(to, err)
	}
	p.endpoint = end{pair: p, fd: fd}
	p.to = to
	p.connecting, p.deadline = true, p.visit.began.Add(p.loop.engine.options.DialTimeout)
	if err := p.loop.watch(fd, &p.endpoint, everything); err != nil {
		p.hangUp()
		return err
	}
	return nil
}

func dialError(to netip.AddrPort, err error) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: err}
}

// retry goes from an endpoint that failed to another; false when there is none,
// and the pair has ended.
func (p *pair) retry(err error) bool {
	p.visit.failed(err)
	if err = p.visit.pick(p.server.forward.Load, err); err != nil {
		p.finish(err)
		return false
	}
	return true
}

// failed looks for an error of an end from which nothing is read, because the
// endpoint has not answered yet, the stream is over, or the endpoint takes
// nothing; it returns whether the pair has ended for that, or has left the
// endpoint. What the endpoint said last the client may still read.
func (p *pair) failed(e *end) bool {
	unread := e == &p.client && (p.up.over || p.up.waits()) || e == &p.endpoint && p.down.over
	if !p.connecting && !unread {
		return false
	}
	code, err := unix.GetsockoptInt(e.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil || code == 0:
		return false
	case p.connecting && e == &p.endpoint:
		p.refused(os.NewSyscallError("connect", unix.Errno(code)))
	case code == int(unix.EPIPE): // so the kernel calls a reset that comes after an end
		p.finish(os.NewSyscallError("read", unix.ECONNRESET))
	default:
		p.finish(os.NewSyscallError("read", unix.Errno(code)))
	}
	return true
}

// refused leaves the endpoint that was asked, because of err.
func (p *pair) refused(err error) {
	p.hangUp()
	if p.retry(dialError(p.to, err)) {
		p.connect()
	}
}

// hangUp closes the connection to the endpoint.
func (p *pair) hangUp() {
	p.connecting = false
	if p.endpoint.fd >= 0 {
		p.loop.forget(p.endpoint.fd, &p.endpoint)
		closeNow(p.endpoint.fd)
		p.endpoint.fd = -1
	}
}

// connected notes that the endpoint has answered.
func (p *pair) connected() {
	p.connecting = false
	if p.connectedToItself() {
		p.refused(os.NewSyscallError("connect", unix.ECONNREFUSED))
		return
	}
	if version := p.loop.engine.options.ProxyProtocol; version != 0 {
		if err := p.introduce(version); err != nil {
			p.refused(err)
			return
		}
	}
	p.visit.reached()
}

// introduce tells the endpoint who the client is, by the PROXY protocol.
func (p *pair) introduce(version int) error {
	asked, err := localAddress(p.client.fd)
	if err != nil {
		return err
	}
	header := proxyHeader(version, "TCP", p.visit.access.Client, asked)
	p.endpoint.speak()
	switch n, err := write(p.endpoint.fd, header); {
	case err != nil:
		return os.NewSyscallError("write", err)
	case n < len(header):
		return io.ErrShortWrite
	}
	return nil
}

// connectedToItself reports whether nobody listened, and the kernel gave the
// socket the very port that it asked.
func (p *pair) connectedToItself() bool {
	if !p.loop.ephemeral.has(p.to.Port()) {
		return false
	}
	own, err := localAddress(p.endpoint.fd)
	return err == nil && own == p.to
}

// address returns where to connect to for an endpoint; false when only the
// Dialer knows, as it does of zones.
func (e *Engine) address(to *Target) (netip.AddrPort, bool) {
	d, ok := e.options.Dialer.(Addresser)
	if !ok {
		return netip.AddrPort{}, false
	}
	at, ok := d.Address(to)
	return at, ok && at.Addr().Zone() == ""
}
