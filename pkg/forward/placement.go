// Package forward brings the node ports of a live cluster to this machine: it
// turns the cluster's route table into one of addresses that can be opened
// here, and reaches the endpoints from here.
package forward

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// Placement says where on this machine the node ports of a cluster are opened.
// The zero value opens each under its own number on 127.0.0.1 and ::1.
type Placement struct {
	// Addresses are where the ports of all nodes are opened; none for the
	// loopback addresses of both families.
	Addresses []netip.Addr
	// Node is the node to stand for: what it does not answer by a traffic
	// policy is not answered here. Empty to lead to all endpoints.
	Node string
	// NodesUnknown tells that tables may lack the node to stand for, as its user may
	// not list nodes: its name is believed.
	NodesUnknown bool
	// PerNode opens every node's ports on a loopback address of its own:
	// 127.0.0.1, 127.0.0.2 and so on, in the order of their names.
	PerNode bool
	// Offset is added to every node port, and Ports gives single ones another
	// number, without the offset.
	Offset int
	Ports  map[uint16]uint16

	// loopbacks are those that nodes were given: one that comes later changes
	// no other's.
	loopbacks map[string]netip.Addr
}

// anyNode, the name of no node, stands for all at once.
const anyNode = ""

// Table is the cluster's table with addresses and numbers of this machine. It
// fails when the node to stand for is not there, or a number is no port.
func (p *Placement) Table(of *route.Table) (*route.Table, error) {
	placed := &route.Table{EndpointsUnknown: of.EndpointsUnknown}
	nodes, err := p.nodes(of)
	if err != nil {
		return nil, err
	}
	placed.Nodes = nodes
	placed.Services = slices.Clone(of.Services)
	for i := range placed.Services {
		if err := p.service(&placed.Services[i]); err != nil {
			return nil, err
		}
	}
	return placed, nil
}

// oneNode tells that traffic policies count as they do on a node.
func (p *Placement) oneNode() bool { return p.Node != "" || p.PerNode }

func (p *Placement) nodes(of *route.Table) ([]route.Node, error) {
	switch {
	case p.PerNode:
		return p.perNode(of.Nodes)
	case p.Node == "":
		return []route.Node{{Name: anyNode, Addresses: p.addresses()}}, nil
	}
	for _, node := range of.Nodes {
		if node.Name == p.Node {
			return []route.Node{{Name: node.Name, Zone: node.Zone, Addresses: p.addresses()}}, nil
		}
	}
	if p.NodesUnknown {
		return []route.Node{{Name: p.Node, Addresses: p.addresses()}}, nil
	}
	return nil, fmt.Errorf("node %q not found; kubectl get nodes lists them", p.Node)
}

func (p *Placement) addresses() []route.Address {
	ips := p.Addresses
	if len(ips) == 0 {
		ips = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	}
	addresses := make([]route.Address, 0, len(ips))
	for _, ip := range ips {
		addresses = append(addresses, address(ip))
	}
	return addresses
}

func address(ip netip.Addr) route.Address {
	return route.Address{Host: ip.String(), IP: ip}
}

// perNode gives nodes the addresses from 127.0.0.1 on. IPv6 has one loopback
// address only, so that services without IPv4 are not opened.
func (p *Placement) perNode(of []route.Node) ([]route.Node, error) {
	if len(of) == 0 {
		return nil, errors.New("the nodes are not known; leave out --nodes")
	}
	nodes := make([]route.Node, 0, len(of))
	for _, node := range of {
		nodes = append(nodes, route.Node{Name: node.Name, Zone: node.Zone, Addresses: []route.Address{address(p.loopback(node.Name))}})
	}
	return nodes, nil
}

// loopback is the address of a node, the next free one for a node that is new.
func (p *Placement) loopback(node string) netip.Addr {
	if p.loopbacks == nil {
		p.loopbacks = map[string]netip.Addr{}
	}
	ip, ok := p.loopbacks[node]
	if !ok {
		ip = netip.AddrFrom4([4]byte{127, 0, byte((len(p.loopbacks) + 1) >> 8), byte(len(p.loopbacks) + 1)})
		p.loopbacks[node] = ip
	}
	return ip
}

func (p *Placement) service(s *route.Service) error {
	if !p.oneNode() {
		s.ExternalLocal = false
		s.HealthCheckNodePort = 0
	}
	var err error
	if s.HealthCheckOpened, err = p.port(s.HealthCheckNodePort); err != nil {
		return err
	}
	s.Ports = slices.Clone(s.Ports)
	for i := range s.Ports {
		if s.Ports[i].Opened, err = p.port(s.Ports[i].NodePort); err != nil {
			return err
		}
	}
	return nil
}

// port is the number that a node port has on this machine.
func (p *Placement) port(nodePort uint16) (uint16, error) {
	if mapped, ok := p.Ports[nodePort]; ok || nodePort == 0 {
		return mapped, nil
	}
	moved := int(nodePort) + p.Offset
	if moved < 1 || moved > math.MaxUint16 {
		return 0, fmt.Errorf("node port %d with an offset of %d is %d, which is no port", nodePort, p.Offset, moved)
	}
	return uint16(moved), nil
}
