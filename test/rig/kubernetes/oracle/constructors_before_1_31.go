//go:build before1.31

package main

import (
	"context"

	"k8s.io/component-helpers/node/util/sysctl"
	"k8s.io/kubernetes/pkg/proxy"
	"k8s.io/kubernetes/pkg/proxy/iptables"
	"k8s.io/kubernetes/pkg/proxy/nftables"
	localdetector "k8s.io/kubernetes/pkg/proxy/util/iptables"
	"k8s.io/utils/exec"
)

func (n node) iptables(context.Context) (proxy.Provider, error) {
	local, err := localdetector.NewDetectLocalByCIDR(n.pods)
	if err != nil {
		return nil, err
	}
	return iptables.NewProxier(n.family(), n.tables(), sysctl.New(), exec.New(), syncPeriod, 0, false, n.localhostPorts(), masqueradeBit,
		local, n.name, n.addr, nil, healthServer(), n.nodePortAddresses, false)
}

func (n node) nftables(context.Context) (proxy.Provider, error) {
	local, err := localdetector.NewDetectLocalByCIDR(n.pods)
	if err != nil {
		return nil, err
	}
	return nftables.NewProxier(n.family(), sysctl.New(), syncPeriod, 0, false, masqueradeBit,
		local, n.name, n.addr, nil, healthServer(), n.nftablesAddresses(), false)
}
