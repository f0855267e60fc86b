package link

import "encoding/binary"

const (
	headerLength = 14
	typeARP      = 0x0806
	typeIPv6     = 0x86dd
	icmpv6       = 58
)

// findsNeighbors reports whether a frame is of ARP or of IPv6's neighbor
// discovery. A link passes these at once: on a real network the slow part lies
// behind a router, and neighbors are found without it.
func findsNeighbors(frame []byte) bool {
	if len(frame) < headerLength {
		return false
	}
	packet := frame[headerLength:]
	switch binary.BigEndian.Uint16(frame[12:]) {
	case typeARP:
		return true
	case typeIPv6: // router solicitation (133) to redirect (137), without extension headers
		return len(packet) > 40 && packet[6] == icmpv6 && packet[40] >= 133 && packet[40] <= 137
	}
	return false
}
