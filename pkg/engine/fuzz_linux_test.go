package engine

import (
	"net/netip"
	"strings"
	"testing"
)

// FuzzKernelText reads what the kernel writes, however it is cut.
func FuzzKernelText(f *testing.F) {
	f.Add("   0: 0100007F:7530 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0",
		[]byte{28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, line string, control []byte) {
		if fields := strings.Fields(line); len(fields) > 9 {
			holds(fields, socket{protocol: "TCP", address: netip.MustParseAddrPort("127.0.0.1:30000")})
		}
		askedOf(control)
		if ip, ok := netip.AddrFromSlice(control[:min(len(control), 16)]); ok && ip.Is6() {
			room := make([]byte, controlSize)
			if got := askedOf(room[:putAsked(room, ip)]); got.Unmap() != ip.Unmap() {
				t.Errorf("%v became %v", ip, got)
			}
		}
	})
}
