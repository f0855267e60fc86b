//go:build !before1.34

package main

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/proxy"
)

// setZone gives kube-proxy the node's zone.
func (n node) setZone(proxier proxy.Provider) {
	proxier.OnTopologyChange(map[string]string{corev1.LabelTopologyZone: n.zone})
}
