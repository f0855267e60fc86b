//go:build !unix

package engine

import "net"

func newSource(conn net.Conn, _ *buffers) source { return &plainSource{conn: conn} }
