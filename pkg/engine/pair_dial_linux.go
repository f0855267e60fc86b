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
		err := p.dial(to)
		if err == nil || !p.retry(err) {
			return
		}
	}
}

// dial begins to connect to an address.
func (p *pair) dial(to netip.AddrPort) error {
	family := unix.AF_INET
	if to.Addr().Unmap().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return dialError(to, os.NewSyscallError("socket", err))
	}
	if err := unix.Connect(fd, sockaddr(to)); err != nil && err != unix.EINPROGRESS && err != unix.EINTR {
		_ = unix.Close(fd)
		return dialError(to, os.NewSyscallError("connect", err))
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

// failed looks for an error of an end from which nothing is read, because its
// stream is over or because the endpoint has not answered yet; it returns
// whether the pair has ended for that, or has left the endpoint.
func (p *pair) failed(e *end) bool {
	over := e == &p.client && p.up.over || e == &p.endpoint && p.down.over
	if !p.connecting && !over {
		return false
	}
	code, err := unix.GetsockoptInt(e.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil || code == 0:
		return false
	case code == int(unix.EPIPE): // so the kernel calls a reset that comes after an end
		p.finish(os.NewSyscallError("read", unix.ECONNRESET))
	case p.connecting && e == &p.endpoint:
		p.refused(os.NewSyscallError("connect", unix.Errno(code)))
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
		_ = unix.Close(p.endpoint.fd)
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

// connectedToItself tells that nobody listened, and that the kernel gave the
// socket the very port that it asked.
func (p *pair) connectedToItself() bool {
	if p.to.Port() < 1024 {
		return false
	}
	own, err := localAddress(p.endpoint.fd)
	return err == nil && own == p.to
}
