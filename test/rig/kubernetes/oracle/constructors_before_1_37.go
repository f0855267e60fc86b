//go:build before1.37 && !before1.33

package main

import (
	"context"

	"k8s.io/component-helpers/node/util/sysctl"
	"k8s.io/kubernetes/pkg/proxy"
	"k8s.io/kubernetes/pkg/proxy/iptables"
	"k8s.io/kubernetes/pkg/proxy/nftables"
	proxyutil "k8s.io/kubernetes/pkg/proxy/util"
)

func (n node) iptables(ctx context.Context) (proxy.Provider, error) {
	local := proxyutil.NewDetectLocalByCIDR(n.pods)
	return iptables.NewProxier(ctx, n.family(), n.tables(), sysctl.New(), syncPeriod, 0, false, n.localhostPorts(), masqueradeBit,
		local, n.name, n.addr, nil, healthServer(), n.nodePortAddresses, false)
}

func (n node) nftables(ctx context.Context) (proxy.Provider, error) {
	local := proxyutil.NewDetectLocalByCIDR(n.pods)
	return nftables.NewProxier(ctx, n.family(), syncPeriod, 0, false, masqueradeBit,
		local, n.name, n.addr, nil, healthServer(), n.nftablesAddresses(), false)
}
