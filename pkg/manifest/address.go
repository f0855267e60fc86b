package manifest

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
)

// The networks of what no manifest gives an address to. They are an example,
// and those of no cluster in particular.
const (
	podNetwork4, podNetwork6         = "10.2.0.0", "fd00:10:2::"
	serviceNetwork4, serviceNetwork6 = "10.3.0.0", "fd00:10:3::"
	networkSize                      = 1 << 16
)

func podNetwork(family corev1.IPFamily) string {
	if family == corev1.IPv6Protocol {
		return podNetwork6
	}
	return podNetwork4
}

func serviceNetwork(family corev1.IPFamily) string {
	if family == corev1.IPv6Protocol {
		return serviceNetwork6
	}
	return serviceNetwork4
}

// addressIn is the address at an offset below networkSize in a network.
func addressIn(network string, offset int) netip.Addr {
	bytes := netip.MustParseAddr(network).AsSlice()
	bytes[len(bytes)-2], bytes[len(bytes)-1] = byte(offset>>8), byte(offset)
	address, _ := netip.AddrFromSlice(bytes)
	return address
}

// offsets are the places of a network that are still free.
type offsets struct {
	taken       [networkSize]bool
	first, last int
	// reached is how far from each start all places are taken, so that none is
	// looked at twice.
	reached map[int]int
}

// newClusterOffsets leaves out the first 256 places, where clusters have their
// DNS and which the API server keeps for people to choose from, and the last.
func newClusterOffsets() *offsets {
	return &offsets{first: 1 << 8, last: networkSize - 2, reached: make(map[int]int)}
}

// firstPod is the last byte of the first pod's address on a node. Those below
// are the node's own and those of the pods that every node runs.
const firstPod = 7

// newPodOffsets leaves out the first places of every node's 256, and the last.
func newPodOffsets() *offsets {
	o := &offsets{last: networkSize - 1, reached: make(map[int]int)}
	for i := range o.taken {
		o.taken[i] = i&0xff < firstPod || i&0xff == 0xff
	}
	return o
}

// take marks an address, if it is one of the network.
func (o *offsets) take(network, address string) {
	ip, err := netip.ParseAddr(address)
	base := netip.MustParseAddr(network)
	if err != nil || !netip.PrefixFrom(base, base.BitLen()-16).Contains(ip) {
		return
	}
	bytes := ip.AsSlice()
	o.taken[int(bytes[len(bytes)-2])<<8|int(bytes[len(bytes)-1])] = true
}

// next takes the first free place from a start on, around the network.
func (o *offsets) next(start int) (offset int, ok bool) {
	size := o.last - o.first + 1
	start %= size
	for i := o.reached[start]; i < size; i++ {
		offset = o.first + (start+i)%size
		if !o.taken[offset] {
			o.taken[offset], o.reached[start] = true, i+1
			return offset, true
		}
	}
	o.reached[start] = size
	return 0, false
}

// nodeIPs are the internal addresses of a node.
func nodeIPs(node *corev1.Node) []netip.Addr {
	var ips []netip.Addr
	for _, address := range node.Status.Addresses {
		ip, err := netip.ParseAddr(address.Address)
		if err == nil && address.Type == corev1.NodeInternalIP {
			ips = append(ips, ip)
		}
	}
	return ips
}

func familyOf(ip netip.Addr) corev1.IPFamily {
	if ip.Unmap().Is4() {
		return corev1.IPv4Protocol
	}
	return corev1.IPv6Protocol
}

func otherFamily(family corev1.IPFamily) corev1.IPFamily {
	if family == corev1.IPv4Protocol {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}
