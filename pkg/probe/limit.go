package probe

import (
	"errors"
	"net"
)

const (
	// mostBytes is how much is read of what a plain connection answers.
	mostBytes = 8 << 10
	// mostTLSBytes is how much is read inside and outside of TLS: a server may
	// send a chain of certificates.
	mostTLSBytes = 64 << 10
)

// errTooMuch ends the reading of an answer that is too long.
var errTooMuch = errors.New("the answer is too long")

// limitedConn is a connection that reads a limited number of bytes, whatever the
// reader asks for. A pod or node may send without end.
type limitedConn struct {
	net.Conn
	left int
}

func (c *limitedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooMuch
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
