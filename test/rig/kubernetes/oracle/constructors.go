//go:build !before1.37

package main

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/node/util/sysctl"
	"k8s.io/kubernetes/pkg/proxy"
	"k8s.io/kubernetes/pkg/proxy/apis/config"
	"k8s.io/kubernetes/pkg/proxy/iptables"
	"k8s.io/kubernetes/pkg/proxy/nftables"
	proxyutil "k8s.io/kubernetes/pkg/proxy/util"
)

func (n node) iptables(ctx context.Context) (proxy.Provider, error) {
	c := &config.KubeProxyConfiguration{
		SyncPeriod:        metav1.Duration{Duration: syncPeriod},
		NodePortAddresses: n.nodePortAddresses,
		IPTables: config.KubeProxyIPTablesConfiguration{
			MasqueradeBit:      new(int32(masqueradeBit)),
			LocalhostNodePorts: new(n.localhostPorts()),
		},
	}
	local := proxyutil.NewDetectLocalByCIDR(n.pods)
	return iptables.NewProxier(ctx, c, n.family(), n.tables(), sysctl.New(), local, n.name, n.addr, nil, healthServer(), false)
}

func (n node) nftables(ctx context.Context) (proxy.Provider, error) {
	c := &config.KubeProxyConfiguration{
		SyncPeriod:        metav1.Duration{Duration: syncPeriod},
		NodePortAddresses: n.nftablesAddresses(),
		NFTables:          config.KubeProxyNFTablesConfiguration{MasqueradeBit: new(int32(masqueradeBit))},
	}
	local := proxyutil.NewDetectLocalByCIDR(n.pods)
	return nftables.NewProxier(ctx, c, n.family(), local, n.name, n.addr, nil, healthServer(), false)
}
