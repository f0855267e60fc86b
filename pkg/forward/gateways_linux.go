package forward

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/bits"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// gateways reads the kernel's table of IPv4 routes, which is a table for
// people: https://docs.kernel.org/networking/proc_net_tcp.html has its manner.
func gateways() []netip.Prefix {
	file, err := os.Open("/proc/net/route")
	if err != nil {
		return nil
	}
	defer file.Close()
	return parseRoutes(file)
}

// flagGateway is RTF_GATEWAY of linux/route.h.
const flagGateway = 0x2

// parseRoutes returns the destinations that have a gateway, without the
// default route. Lines that it does not understand are passed over.
func parseRoutes(r io.Reader) []netip.Prefix {
	var networks []netip.Prefix
	for lines := bufio.NewScanner(r); lines.Scan(); {
		columns := strings.Fields(lines.Text())
		if len(columns) < 8 {
			continue
		}
		flags, err := strconv.ParseUint(columns[3], 16, 16)
		if err != nil || flags&flagGateway == 0 {
			continue
		}
		destination, ok1 := word(columns[1])
		mask, ok2 := word(columns[7])
		if ones := bits.OnesCount32(mask); ok1 && ok2 && ones > 0 {
			var ip [4]byte
			binary.BigEndian.PutUint32(ip[:], destination)
			networks = append(networks, netip.PrefixFrom(netip.AddrFrom4(ip), ones))
		}
	}
	return networks
}

// word reads a number that the kernel wrote in the machine's byte order.
func word(s string) (uint32, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 4 {
		return 0, false
	}
	var native [4]byte
	binary.NativeEndian.PutUint32(native[:], binary.BigEndian.Uint32(b))
	return binary.BigEndian.Uint32(native[:]), true
}
