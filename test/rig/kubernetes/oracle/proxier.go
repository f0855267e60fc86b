package main

import (
	"context"
	"fmt"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/node/util/sysctl"
	"k8s.io/kubernetes/pkg/proxy"
	"k8s.io/kubernetes/pkg/proxy/apis/config"
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
		return iptables.NewProxier(ctx, n.config(), n.family(), tables, sysctl.New(), local, n.name, n.addr, nil, health, false)
	case "nftables":
		return nftables.NewProxier(ctx, n.config(), n.family(), local, n.name, n.addr, nil, health, false)
	}
	return nil, fmt.Errorf("unknown mode %q", n.mode)
}

// config returns kube-proxy's default configuration for this node.
func (n node) config() *config.KubeProxyConfiguration {
	masqueradeBit := int32(14)
	localhostNodePorts := n.localhostPorts()
	c := &config.KubeProxyConfiguration{
		SyncPeriod:        metav1.Duration{Duration: 30 * time.Second},
		NodePortAddresses: n.nodePortAddresses,
		IPTables:          config.KubeProxyIPTablesConfiguration{MasqueradeBit: &masqueradeBit, LocalhostNodePorts: &localhostNodePorts},
		NFTables:          config.KubeProxyNFTablesConfiguration{MasqueradeBit: &masqueradeBit},
	}
	if n.mode == "nftables" && n.nodePortAddresses == nil {
		bits := 8 * len(n.normal())
		c.NodePortAddresses = []string{(&net.IPNet{IP: n.addr, Mask: net.CIDRMask(bits, bits)}).String()}
	}
	return c
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
