//go:build !before1.33

package main

import (
	corev1 "k8s.io/api/core/v1"
	utiliptables "k8s.io/kubernetes/pkg/util/iptables"
)

// tables returns the iptables command of the node's family.
func (n node) tables() utiliptables.Interface {
	if n.family() == corev1.IPv6Protocol {
		return utiliptables.New(utiliptables.ProtocolIPv6)
	}
	return utiliptables.New(utiliptables.ProtocolIPv4)
}
