//go:build !unix

package engine

import (
	"net"
	"syscall"
)

func newSource(conn net.Conn, _ *buffers) source { return &plainSource{conn: conn} }

// rawConn is nil: there is no writing without waiting.
func rawConn(net.Conn) syscall.RawConn { return nil }

func tryWrite(syscall.RawConn, []byte) int { return 0 }
