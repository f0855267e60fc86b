package engine

import (
	"slices"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// What is the same in two tables. Most of it is in the same memory, because a
// table is data that nobody changes; only what is not is compared by value.

func same[T any](a, b []T, equal func(*T, *T) bool) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) == 0 || &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if !equal(&a[i], &b[i]) {
			return false
		}
	}
	return true
}

func (b *binding) same(other *binding) bool {
	return b.way == other.way && b.affinity == other.affinity &&
		b.port == other.port && b.node == other.node && b.health.same(other.health) &&
		slices.Equal(b.serving, other.serving) &&
		b.verdict.Action == other.verdict.Action && b.verdict.Reason == other.verdict.Reason &&
		same(b.verdict.Endpoints, other.verdict.Endpoints, sameEndpoint)
}

func sameNodes(a, b []route.Node) bool {
	return same(a, b, func(a, b *route.Node) bool {
		return a.Name == b.Name && a.Zone == b.Zone && slices.Equal(a.Addresses, b.Addresses)
	})
}

func sameService(a, b *route.Service) bool {
	return a == b || a.Type == b.Type && a.ExternalLocal == b.ExternalLocal && a.InternalLocal == b.InternalLocal &&
		a.Affinity == b.Affinity && a.HealthCheckNodePort == b.HealthCheckNodePort &&
		a.HealthCheckOpened == b.HealthCheckOpened && a.Ignored == b.Ignored &&
		slices.Equal(a.ClusterIPs, b.ClusterIPs) && same(a.Ports, b.Ports, samePort)
}

func samePort(a, b *route.Port) bool {
	return a.Name == b.Name && a.Protocol == b.Protocol && a.NodePort == b.NodePort && a.Opened == b.Opened && a.Port == b.Port &&
		same(a.Endpoints, b.Endpoints, sameEndpoint)
}

func sameEndpoint(a, b *route.Endpoint) bool {
	return a.Address == b.Address && a.Ready == b.Ready && a.Serving == b.Serving && a.Terminating == b.Terminating &&
		a.Node == b.Node && a.Pod == b.Pod && a.PodUID == b.PodUID &&
		slices.Equal(a.ForNodes, b.ForNodes) && slices.Equal(a.ForZones, b.ForZones)
}
