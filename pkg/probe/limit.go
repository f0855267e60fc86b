package probe

import (
	"errors"
	"net"
)

const (
	// maxBytes limits the bytes that are read from a connection without TLS.
	maxBytes = 8 << 10
	// maxTLSBytes limits the bytes that are read from a connection with TLS,
	// which include a chain of certificates.
	maxTLSBytes = 64 << 10
)

// errTooLong is the error of reading beyond the limit of a limitedConn.
var errTooLong = errors.New("the answer is too long")

// limitedConn is a connection from which at most left bytes can be read, since a
// pod or node may send data without end.
type limitedConn struct {
	net.Conn
	left int
}

func (c *limitedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooLong
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
