package local

import (
	"net"
	"time"
)

// pipeEnd is one end of a connection inside this process, which takes no file
// descriptor. Unlike an end of [net.Pipe], it can be half-closed.
type pipeEnd struct{ in, out net.Conn }

// newPipe returns the two ends of a connection. It has no buffer: a write
// returns when the other end has read it.
func newPipe() (a, b *pipeEnd) {
	aIn, bOut := net.Pipe()
	bIn, aOut := net.Pipe()
	return &pipeEnd{aIn, aOut}, &pipeEnd{bIn, bOut}
}

func (p *pipeEnd) Read(b []byte) (int, error)  { return p.in.Read(b) }
func (p *pipeEnd) Write(b []byte) (int, error) { return p.out.Write(b) }
func (p *pipeEnd) LocalAddr() net.Addr         { return p.in.LocalAddr() }
func (p *pipeEnd) RemoteAddr() net.Addr        { return p.in.RemoteAddr() }

// CloseWrite lets the other end read an EOF; this end can still read.
func (p *pipeEnd) CloseWrite() error { return p.out.Close() }

func (p *pipeEnd) Close() error {
	_ = p.out.Close()
	return p.in.Close()
}

func (p *pipeEnd) SetReadDeadline(t time.Time) error  { return p.in.SetReadDeadline(t) }
func (p *pipeEnd) SetWriteDeadline(t time.Time) error { return p.out.SetWriteDeadline(t) }

func (p *pipeEnd) SetDeadline(t time.Time) error {
	_ = p.in.SetReadDeadline(t)
	return p.out.SetWriteDeadline(t)
}
