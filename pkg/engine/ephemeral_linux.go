package engine

import (
	"fmt"
	"os"
)

// portRange is a range of ports, both ends included.
type portRange struct{ first, last uint16 }

func (r portRange) has(port uint16) bool { return r.first <= port && port <= r.last }

// ephemeralPorts returns the ports from which the kernel takes one for a socket
// that connects: all, if that cannot be read.
func ephemeralPorts() portRange {
	var r portRange
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range") // IPv6 has the same
	if err != nil {
		return portRange{0, 65535}
	}
	if _, err := fmt.Sscan(string(text), &r.first, &r.last); err != nil {
		return portRange{0, 65535}
	}
	return r
}
