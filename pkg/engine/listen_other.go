//go:build !linux

package engine

import "net"

func listenConfig() net.ListenConfig {
	return net.ListenConfig{KeepAliveConfig: keepAliveConfig()}
}

// newServer takes connections by package net.
func newServer(e *Engine, b *binding, listener *net.TCPListener) (server, error) {
	return newTCPServer(e, b, listener), nil
}

// loops are Linux's alone.
type loops struct{}

func (*loops) close() {}
