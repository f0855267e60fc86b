package main

import (
	"context"
	"fmt"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/proxy"
)

// node is the node that the rules are made on.
type node struct {
	mode, name, pods, zone string
	addr                   net.IP
	nodePortAddresses      []string
}

// The defaults of kube-proxy's configuration.
const (
	syncPeriod    = 30 * time.Second
	masqueradeBit = 14
	healthAddress = "127.0.0.1:10256" // never listened on: the oracle does not run the server
	healthTimeout = 2 * time.Minute
)

func (n node) family() corev1.IPFamily {
	if n.addr.To4() == nil {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}

// proxier sets up kube-proxy as its command would, with the default
// configuration. What it calls differs between versions of kube-proxy: the rig
// builds the oracle with a tag before1.N for each minor version 1.N that is
// newer than that of the kube-proxy.
func (n node) proxier(ctx context.Context) (proxy.Provider, error) {
	switch n.mode {
	case "iptables":
		return n.iptables(ctx)
	case "nftables":
		return n.nftables(ctx)
	}
	return nil, fmt.Errorf("unknown mode %q", n.mode)
}

// localhostPorts reports whether node ports are served on localhost in
// iptables mode: for IPv4 only.
func (n node) localhostPorts() bool { return n.family() == corev1.IPv4Protocol }

// nftablesAddresses returns the networks that node ports are served on in
// nftables mode: the node's address alone unless others are named.
func (n node) nftablesAddresses() []string {
	if n.nodePortAddresses != nil {
		return n.nodePortAddresses
	}
	bits := 8 * len(n.normal())
	return []string{(&net.IPNet{IP: n.addr, Mask: net.CIDRMask(bits, bits)}).String()}
}

// normal returns the address in the length of its family.
func (n node) normal() net.IP {
	if v4 := n.addr.To4(); v4 != nil {
		return v4
	}
	return n.addr
}
