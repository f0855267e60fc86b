package forward

import (
	"net"
	"net/netip"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// Vicinity is what is known of the networks around this machine.
type Vicinity struct {
	// Own are the addresses of this machine.
	Own []netip.Addr
	// Gateways are the networks that have a way of their own through a
	// gateway: somebody has led them here on purpose.
	Gateways []netip.Prefix
}

// Look finds out about this machine.
func Look() (Vicinity, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return Vicinity{}, err
	}
	v := Vicinity{Gateways: gateways()}
	for _, a := range addresses {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && !prefix.Addr().IsLoopback() {
			v.Own = append(v.Own, prefix.Addr().Unmap())
		}
	}
	return v, nil
}

// Reaches tells whether pods can be reached by their addresses: on a node of
// the cluster, or where their network is routed. That an address answers is no
// sign of it: the container network of a laptop often has the same.
func (v Vicinity) Reaches(table *route.Table) bool {
	return v.onNode(table) || v.routed(table)
}

func (v Vicinity) onNode(table *route.Table) bool {
	own := make(map[netip.Addr]bool, len(v.Own))
	for _, ip := range v.Own {
		own[ip] = true
	}
	for i := range table.Nodes {
		for _, address := range table.Nodes[i].Addresses {
			if own[address.IP] {
				return true
			}
		}
	}
	return false
}

// routed asks for the way to every pod; no pods are no way.
func (v Vicinity) routed(table *route.Table) bool {
	found := false
	for i := range table.Services {
		for j := range table.Services[i].Ports {
			for _, endpoint := range table.Services[i].Ports[j].Endpoints {
				if !v.gateway(endpoint.Address.Addr()) {
					return false
				}
				found = true
			}
		}
	}
	return found
}

func (v Vicinity) gateway(ip netip.Addr) bool {
	for _, network := range v.Gateways {
		if network.Contains(ip) {
			return true
		}
	}
	return false
}
