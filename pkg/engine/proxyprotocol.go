package engine

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// proxyHeader says in the PROXY protocol, version 1 or 2, who the client is
// and which address it asked
// (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt). Version 1
// knows TCP alone.
func proxyHeader(version int, protocol string, client, asked netip.AddrPort) []byte {
	from, to := client.Addr().Unmap(), asked.Addr().Unmap()
	if version == 1 {
		family := "TCP4"
		switch {
		case protocol != "TCP" || from.Is4() != to.Is4():
			return []byte("PROXY UNKNOWN\r\n")
		case from.Is6():
			family = "TCP6"
		}
		return fmt.Appendf(nil, "PROXY %s %s %s %d %d\r\n", family, from.WithZone(""), to.WithZone(""), client.Port(), asked.Port())
	}
	const signature, proxied = "\r\n\r\n\x00\r\nQUIT\n", 0x21
	if from.Is4() != to.Is4() {
		from, to = netip.AddrFrom16(from.As16()), netip.AddrFrom16(to.As16())
	}
	addresses := append(from.AsSlice(), to.AsSlice()...)
	addresses = binary.BigEndian.AppendUint16(addresses, client.Port())
	addresses = binary.BigEndian.AppendUint16(addresses, asked.Port())
	header := append([]byte(signature), proxied, familyAndTransport(from, protocol))
	header = binary.BigEndian.AppendUint16(header, uint16(len(addresses)))
	return append(header, addresses...)
}

func familyAndTransport(ip netip.Addr, protocol string) byte {
	family, transport := byte(0x10), byte(1)
	if ip.Is6() {
		family = 0x20
	}
	if protocol == "UDP" {
		transport = 2
	}
	return family | transport
}
