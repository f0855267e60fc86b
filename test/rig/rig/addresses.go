package rig

import (
	"fmt"
	"net/netip"
)

// The networks of a rig. They are the same in every rig: rigs do not see each
// other.
const (
	podNet      = "10.2.0.0/16"
	podNet6     = "fd00:10:2::/48"
	serviceNet  = "10.3.0.0/16"
	serviceNet6 = "fd00:10:3::/112"
)

// The last numbers of the hosts' addresses.
const (
	controlPlaneNumber = 2
	firstNodeNumber    = 4
	clientNumber       = 100
	maxNodes           = 90
)

func hostAddr(number int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, 11, byte(number)}) }

func hostAddr6(number int) netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf("fd00:10:1::%d", number))
}

func podSubnet(node int) string { return fmt.Sprintf("10.2.%d.0/24", node) }

func podSubnet6(node int) string { return fmt.Sprintf("fd00:10:2:%d::/64", node) }
