//go:build !linux

package engine

import (
	"errors"
	"net"
)

func listenConfig() net.ListenConfig {
	return net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveCount,
	}}
}

// setDeaf cannot be had: only Linux filters packets for who is not root.
func setDeaf(*net.TCPListener, bool) error { return errors.ErrUnsupported }

// waiting takes nothing from a listener's queue: there is no portable way to
// look at it without waiting for more.
func waiting(*net.TCPListener) []*net.TCPConn { return nil }
