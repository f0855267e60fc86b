package engine

import (
	"errors"
	"runtime"
	"syscall"
	"testing"
)

// Windows has numbers of its own for what meets a socket.
const (
	wsaECONNRESET   = syscall.Errno(10054)
	wsaECONNREFUSED = syscall.Errno(10061)
)

func wasReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, wsaECONNRESET)
}

func wasRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, wsaECONNREFUSED)
}

// needRefusals skips a test of what a UDP socket is told.
func needRefusals(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("skipped: package net has sockets of Windows not told that a port is closed (net/fd_windows.go)")
	}
}
