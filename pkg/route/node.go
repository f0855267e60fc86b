package route

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func newNode(object *corev1.Node) Node {
	return Node{
		Name:      object.Name,
		Addresses: addresses(object.Status.Addresses),
		Zone:      object.Labels[corev1.LabelTopologyZone],
		Problem:   problem(object),
	}
}

// addresses sorts the addresses that are likely to work for external clients to
// the front. DNS names are used only for a node without any IP address, since
// they may not resolve.
func addresses(given []corev1.NodeAddress) []Address {
	var ips, names []Address
	for _, a := range given {
		address := Address{Host: a.Address, Type: string(a.Type)}
		if ip, err := netip.ParseAddr(a.Address); err == nil {
			address.IP = ip.Unmap()
			address.Host = address.IP.String()
			ips = append(ips, address)
		} else {
			names = append(names, address)
		}
	}
	chosen := ips
	if len(ips) == 0 {
		chosen = names
	}
	slices.SortStableFunc(chosen, func(a, b Address) int { return cmp.Compare(rank(a.Type), rank(b.Type)) })
	return slices.CompactFunc(chosen, func(a, b Address) bool { return a.Host == b.Host })
}

// rank returns the order of an address type; unknown types come last.
func rank(addressType string) int {
	order := []corev1.NodeAddressType{
		corev1.NodeExternalIP, corev1.NodeInternalIP,
		corev1.NodeExternalDNS, corev1.NodeInternalDNS, corev1.NodeHostName,
	}
	if i := slices.Index(order, corev1.NodeAddressType(addressType)); i >= 0 {
		return i
	}
	return len(order)
}

// problem returns why node ports may not work on a node; empty if they should.
// kube-proxy does not wait for the node to be ready, but a node that is not
// ready is often down. A cordoned node continues to serve node ports.
func problem(node *corev1.Node) string {
	switch {
	case node.Labels["type"] == "virtual-kubelet", node.Labels["eks.amazonaws.com/compute-type"] == "fargate":
		return "no kube-proxy"
	case len(node.Status.Addresses) == 0:
		return "no address"
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status != corev1.ConditionTrue {
			return "NotReady"
		}
	}
	return ""
}

// compareNames compares the names of nodes in natural order: n2 before n10.
func compareNames(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		digitsX, digitsY := digits(x), digits(y)
		if digitsX == "" || digitsY == "" {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		numberX, numberY := strings.TrimLeft(digitsX, "0"), strings.TrimLeft(digitsY, "0")
		if order := cmp.Or(cmp.Compare(len(numberX), len(numberY)), cmp.Compare(numberX, numberY)); order != 0 {
			return order
		}
		x, y = x[len(digitsX):], y[len(digitsY):]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

// digits returns the digits that a text begins with.
func digits(text string) string {
	i := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if i < 0 {
		return text
	}
	return text[:i]
}
