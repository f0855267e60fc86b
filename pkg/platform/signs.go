package platform

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// sign describes how to recognise a platform by a node. All fields that are not
// empty must match.
type sign struct {
	platform string
	provider string // prefix of the provider ID
	label    string // prefix of a label's key
	node     string // the node's name; a prefix of it if it ends with "-"
	image    string // part of the OS image's name
	kernel   string // part of the kernel's version
	kubelet  string // part of the kubelet's version
}

// signs returns all signs, the more specific ones first.
func signs() []sign {
	return []sign{
		// kind writes the provider ID (pkg/cluster/internal/kubeadm/config.go);
		// the provider ID of Docker Desktop's own kind cluster is known from
		// reports only.
		{platform: DockerDesktopKind, provider: "kind://docker/desktop/"},
		{platform: Kind, provider: "kind://"},
		{platform: Minikube, label: "minikube.k8s.io/"},
		{platform: K3d, node: "k3d-", kubelet: "+k3s"},
		{platform: DockerDesktop, image: "Docker Desktop"},
		{platform: DockerDesktop, node: "docker-desktop"},
		{platform: OrbStack, node: "orbstack", kernel: "orbstack"},
		{platform: RancherDesktop, node: "lima-rancher-desktop"},
		{platform: RancherDesktop, image: "Rancher Desktop"},
		{platform: Colima, node: "colima", kubelet: "+k3s"},
		{platform: Colima, node: "colima-", kubelet: "+k3s"},
		{platform: Lima, node: "lima-"},
		{platform: EKS, provider: "aws://", label: "eks.amazonaws.com/"},
		{platform: EKS, provider: "aws://", kubelet: "-eks-"},
		{platform: AWS, provider: "aws://"},
		{platform: GKE, provider: "gce://", label: "cloud.google.com/gke-"},
		{platform: GoogleCloud, provider: "gce://"},
		{platform: AKS, provider: "azure://", label: "kubernetes.azure.com/"},
		{platform: Azure, provider: "azure://"},
		{platform: OracleCloud, provider: "ocid1.instance"},
		{platform: OracleCloud, provider: "oci://"},
		{platform: DigitalOcean, provider: "digitalocean://"},
		{platform: Hetzner, provider: "hcloud://"},
		{platform: Linode, provider: "linode://"},
		{platform: Vultr, provider: "vultr://"},
		{platform: Scaleway, provider: "scaleway://"},
		{platform: OpenStack, provider: "openstack://"},
		{platform: Equinix, provider: "equinixmetal://"},
		{platform: WSL, kernel: "microsoft-standard-WSL2"},
	}
}

// nameOf returns the platform of the first sign that matches a node; empty if
// none does.
func nameOf(node *corev1.Node) string {
	for _, sign := range signs() {
		if sign.on(node) {
			return sign.platform
		}
	}
	return ""
}

func (s sign) on(node *corev1.Node) bool {
	info := node.Status.NodeInfo
	return strings.HasPrefix(node.Spec.ProviderID, s.provider) &&
		s.labelOn(node) &&
		s.nameFits(node.Name) &&
		strings.Contains(info.OSImage, s.image) &&
		strings.Contains(info.KernelVersion, s.kernel) &&
		strings.Contains(info.KubeletVersion, s.kubelet)
}

func (s sign) labelOn(node *corev1.Node) bool {
	if s.label == "" {
		return true
	}
	for key := range node.Labels {
		if strings.HasPrefix(key, s.label) {
			return true
		}
	}
	return false
}

func (s sign) nameFits(name string) bool {
	if strings.HasSuffix(s.node, "-") {
		return strings.HasPrefix(name, s.node)
	}
	return s.node == "" || s.node == name
}
