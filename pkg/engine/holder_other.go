//go:build !linux

package engine

// holder cannot tell which program has a port: that takes other programs here.
func holder(socket) (process string, pid int) { return "", 0 }
