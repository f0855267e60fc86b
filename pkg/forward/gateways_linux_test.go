package forward

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestGatewaysOfTheKernelsTable(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("skipped: the table below is of a little-endian machine")
	}
	const table = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	0102A8C0	0003	0	0	0	00000000	0	0	0
eth0	0002A8C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth0	0001020A	040B010A	0003	0	0	0	00FFFFFF	0	0	0
tun0	zzzz	040B010A	0003	0	0	0	00FFFFFF	0	0	0
short
`
	want := []netip.Prefix{netip.MustParsePrefix("10.2.1.0/24")}
	if got := parseRoutes(strings.NewReader(table)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: the default route and that of the own network lead to no pods", got, want)
	}
}

func FuzzParseRoutes(f *testing.F) {
	f.Add("eth0\t0001020A\t040B010A\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n")
	f.Fuzz(func(t *testing.T, table string) {
		for _, network := range parseRoutes(strings.NewReader(table)) {
			if !network.IsValid() || network.Bits() == 0 {
				t.Errorf("%q gave %v", table, network)
			}
		}
	})
}
