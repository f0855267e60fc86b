// Package platform detects what a cluster runs on, from its nodes, and which
// address of a node port the user's machine can reach. The nodes of clusters on
// a laptop are often containers or virtual machines whose addresses cannot be
// reached from outside.
//
// The package is pure: it applies rules and makes no connections. Its answers
// are a best guess; a connection that succeeds is better evidence.
package platform

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// The names of the platforms that are recognised.
const (
	Kind              = "kind"
	Minikube          = "minikube"
	K3d               = "k3d"
	DockerDesktop     = "Docker Desktop"
	DockerDesktopKind = "kind in Docker Desktop"
	OrbStack          = "OrbStack"
	RancherDesktop    = "Rancher Desktop"
	Colima            = "Colima"
	Lima              = "Lima"
	WSL               = "WSL 2"

	EKS          = "EKS"
	AWS          = "AWS"
	GKE          = "GKE"
	GoogleCloud  = "Google Cloud"
	AKS          = "AKS"
	Azure        = "Azure"
	OracleCloud  = "Oracle Cloud"
	DigitalOcean = "DigitalOcean"
	Hetzner      = "Hetzner"
	Linode       = "Linode"
	Vultr        = "Vultr"
	Scaleway     = "Scaleway"
	OpenStack    = "OpenStack"
	Equinix      = "Equinix Metal"
)

// Platform is what a cluster runs on. The zero Platform means that it was not
// recognised; it has no advice.
type Platform struct {
	// Name is one of the names above, or empty.
	Name string
	// WSL is true when nodes run on the kernel of WSL 2, on any platform. That
	// kernel lacks xt_recent, so a single service with session affinity keeps
	// kube-proxy's iptables mode from updating any service.
	WSL bool

	// inVM is true when nodes are containers of an engine in a virtual machine.
	inVM bool
	// hosts holds all addresses of all nodes.
	hosts []string
}

// Detect returns the platform of the nodes. It is the zero Platform when the
// nodes are on different platforms.
func Detect(nodes []*corev1.Node) Platform {
	var p Platform
	for i, node := range nodes {
		name := nameOf(node)
		if i > 0 && name != p.Name {
			return Platform{}
		}
		p.Name = name
		kernel := strings.ToLower(node.Status.NodeInfo.KernelVersion)
		p.WSL = p.WSL || strings.Contains(kernel, "microsoft")
		p.inVM = p.inVM || strings.Contains(kernel, "linuxkit")
		for _, address := range node.Status.Addresses {
			p.hosts = append(p.hosts, address.Address)
		}
	}
	return p
}
