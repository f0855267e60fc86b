package main

import (
	"context"
	"fmt"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/component-helpers/node/util/sysctl"
	"k8s.io/kubernetes/pkg/proxy"
	"k8s.io/kubernetes/pkg/proxy/healthcheck"
	"k8s.io/kubernetes/pkg/proxy/iptables"
	"k8s.io/kubernetes/pkg/proxy/nftables"
	proxyutil "k8s.io/kubernetes/pkg/proxy/util"
	utiliptables "k8s.io/kubernetes/pkg/util/iptables"
)

// node is the node that the rules are made on.
type node struct {
	mode, name, pods, zone string
	addr                   net.IP
	nodePortAddresses      []string
}

// What kube-proxy has by default.
const (
	syncPeriod    = 30 * time.Second
	masqueradeBit = 14
)

func (n node) family() corev1.IPFamily {
	if n.addr.To4() == nil {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}

// proxier sets up kube-proxy as its command would, with the default
// configuration; nftables serves node ports on the node's address unless told.
func (n node) proxier(ctx context.Context) (proxy.Provider, error) {
	health := healthcheck.NewProxyHealthServer("127.0.0.1:10256", 2*time.Minute, nil)
	local := proxyutil.NewDetectLocalByCIDR(n.pods)
	switch n.mode {
	case "iptables":
		tables := utiliptables.NewBestEffort()[n.family()]
		if tables == nil {
			return nil, fmt.Errorf("no iptables for %s", n.family())
		}
		return iptables.NewProxier(ctx, n.family(), tables, sysctl.New(), syncPeriod, 0, false, n.localhostPorts(), masqueradeBit,
			local, n.name, n.addr, nil, health, n.nodePortAddresses, false)
	case "nftables":
		addresses := n.nodePortAddresses
		if addresses == nil {
			addresses = []string{(&net.IPNet{IP: n.addr, Mask: net.CIDRMask(8*len(n.normal()), 8*len(n.normal()))}).String()}
		}
		return nftables.NewProxier(ctx, n.family(), syncPeriod, 0, false, masqueradeBit, local, n.name, n.addr, nil, health, addresses, false)
	}
	return nil, fmt.Errorf("unknown mode %q", n.mode)
}

// localhostPorts: node ports on localhost exist for IPv4 only.
func (n node) localhostPorts() bool { return n.family() == corev1.IPv4Protocol }

// normal returns the address in the length of its family.
func (n node) normal() net.IP {
	if v4 := n.addr.To4(); v4 != nil {
		return v4
	}
	return n.addr
}
