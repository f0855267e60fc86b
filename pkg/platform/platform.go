// Package platform tells from its nodes what a cluster runs on, and from there
// which address of a node port can be reached from the user's machine. The
// nodes of clusters on a laptop are often containers or virtual machines whose
// addresses lead nowhere from outside. It is pure: it knows rules and asks no
// network, so that its answers are the best guess and an address that
// answers is the better proof.
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

// Platform is what a cluster runs on. The zero Platform is not recognised, and
// has no advice.
type Platform struct {
	// Name is one of the names above, or empty.
	Name string
	// WSL tells that nodes run on the kernel of WSL 2, whatever the platform.
	// That kernel lacks xt_recent, so that one service with session affinity
	// stops kube-proxy's iptables mode from updating any service.
	WSL bool

	// inVM tells that nodes are containers of an engine in a virtual machine.
	inVM bool
	// hosts are all addresses of all nodes.
	hosts []string
}

// Detect recognises the platform that all nodes agree on. Of a cluster over
// several platforms nothing is said.
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
