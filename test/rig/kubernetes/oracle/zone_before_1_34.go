//go:build before1.34

package main

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/proxy"
)

// setZone gives kube-proxy the node's zone.
func (n node) setZone(proxier proxy.Provider) {
	proxier.OnNodeAdd(&corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name:   n.name,
		Labels: map[string]string{corev1.LabelTopologyZone: n.zone},
	}})
}
