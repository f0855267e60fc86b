package platform

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// edit changes one thing of a node.
type edit func(*corev1.Node)

// node is a node that gives nothing away but what edits add.
func node(name string, edits ...edit) *corev1.Node {
	n := &corev1.Node{}
	n.Name = name
	n.Status.NodeInfo = corev1.NodeSystemInfo{
		KernelVersion: "6.8.0-45-generic", OSImage: "Ubuntu 24.04 LTS", KubeletVersion: "v1.36.1",
	}
	for _, edit := range edits {
		edit(n)
	}
	return n
}

func provider(id string) edit { return func(n *corev1.Node) { n.Spec.ProviderID = id } }
func kernel(version string) edit {
	return func(n *corev1.Node) { n.Status.NodeInfo.KernelVersion = version }
}
func image(name string) edit { return func(n *corev1.Node) { n.Status.NodeInfo.OSImage = name } }
func k3s(n *corev1.Node)     { n.Status.NodeInfo.KubeletVersion = "v1.36.1+k3s1" }
func eks(n *corev1.Node)     { n.Status.NodeInfo.KubeletVersion = "v1.36.1-eks-1234567" }

func label(key, value string) edit {
	return func(n *corev1.Node) {
		if n.Labels == nil {
			n.Labels = map[string]string{}
		}
		n.Labels[key] = value
	}
}

func ip(address string) edit {
	return func(n *corev1.Node) {
		n.Status.Addresses = append(n.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: address})
	}
}

const (
	linuxkit = "6.10.14-linuxkit"
	orbstack = "6.15.11-orbstack-00539-g9885ebd8e3f4"
	wsl2     = "5.15.167.4-microsoft-standard-WSL2"
)

func TestDetect(t *testing.T) {
	tests := []struct {
		name  string
		nodes []*corev1.Node
		want  string
	}{
		{name: "no nodes are nothing"},
		{name: "a plain node is nothing", nodes: []*corev1.Node{node("node1")}},
		{name: "k3s by itself is nothing", nodes: []*corev1.Node{node("node1", provider("k3s://node1"), k3s)}},
		{name: "kind by its provider ID", want: Kind, nodes: []*corev1.Node{
			node("test-control-plane", provider("kind://docker/test/test-control-plane")),
			node("test-worker", provider("kind://docker/test/test-worker"))}},
		{name: "kind with a provider ID cut short", want: Kind, nodes: []*corev1.Node{node("a", provider("kind://"))}},
		{name: "Docker Desktop's own kind", want: DockerDesktopKind, nodes: []*corev1.Node{
			node("desktop-control-plane", provider("kind://docker/desktop/desktop-control-plane"), kernel(linuxkit))}},
		{name: "minikube by its labels", want: Minikube, nodes: []*corev1.Node{
			node("shop", label("minikube.k8s.io/name", "shop")), node("shop-m02", label("minikube.k8s.io/name", "shop"))}},
		{name: "k3d by the names of its nodes", want: K3d, nodes: []*corev1.Node{
			node("k3d-my-server-1-server-0", k3s, provider("k3s://k3d-my-server-1-server-0")), node("k3d-my-server-1-agent-0", k3s)}},
		{name: "k3d with a name of its own", want: K3d, nodes: []*corev1.Node{node("k3d-x", k3s)}},
		{name: "a name like k3d's without k3s", nodes: []*corev1.Node{node("k3d-test-server-0")}},
		{name: "Docker Desktop by its image", want: DockerDesktop, nodes: []*corev1.Node{node("x", image("Docker Desktop"), kernel(linuxkit))}},
		{name: "Docker Desktop by its node", want: DockerDesktop, nodes: []*corev1.Node{node("docker-desktop")}},
		{name: "OrbStack", want: OrbStack, nodes: []*corev1.Node{node("orbstack", kernel(orbstack))}},
		{name: "Rancher Desktop on macOS", want: RancherDesktop, nodes: []*corev1.Node{node("lima-rancher-desktop", k3s)}},
		{name: "Rancher Desktop on Windows", want: RancherDesktop, nodes: []*corev1.Node{
			node("laptop", image("Rancher Desktop WSL Distribution"), kernel(wsl2), k3s)}},
		{name: "Colima", want: Colima, nodes: []*corev1.Node{node("colima", k3s)}},
		{name: "Colima with a profile", want: Colima, nodes: []*corev1.Node{node("colima-work", k3s)}},
		{name: "Lima", want: Lima, nodes: []*corev1.Node{node("lima-k8s")}},
		{name: "WSL 2 by its kernel", want: WSL, nodes: []*corev1.Node{node("laptop", kernel(wsl2))}},
		{name: "EKS by a label", want: EKS, nodes: []*corev1.Node{
			node("ip-10-0-0-1", provider("aws:///eu-west-1a/i-1"), label("eks.amazonaws.com/nodegroup", "a"))}},
		{name: "EKS by its kubelet", want: EKS, nodes: []*corev1.Node{node("ip-10-0-0-1", provider("aws:///eu-west-1a/i-1"), eks)}},
		{name: "AWS without EKS", want: AWS, nodes: []*corev1.Node{node("ip-10-0-0-1", provider("aws:///eu-west-1a/i-1"))}},
		{name: "GKE", want: GKE, nodes: []*corev1.Node{node("gke-1", provider("gce://p/z/gke-1"), label("cloud.google.com/gke-nodepool", "a"))}},
		{name: "Google Cloud without GKE", want: GoogleCloud, nodes: []*corev1.Node{node("vm", provider("gce://p/z/vm"))}},
		{name: "AKS", want: AKS, nodes: []*corev1.Node{node("aks-1", provider("azure:///subscriptions/1"), label("kubernetes.azure.com/cluster", "a"))}},
		{name: "Azure without AKS", want: Azure, nodes: []*corev1.Node{node("vm", provider("azure:///subscriptions/1"))}},
		{name: "Oracle Cloud", want: OracleCloud, nodes: []*corev1.Node{node("vm", provider("ocid1.instance.oc1.phx.abc"))}},
		{name: "Hetzner", want: Hetzner, nodes: []*corev1.Node{node("vm", provider("hcloud://1"))}},
		{name: "a cluster over two clouds is nothing", nodes: []*corev1.Node{
			node("a", provider("hcloud://1")), node("b", provider("vultr://1"))}},
		{name: "a cluster that a laptop has joined is nothing", nodes: []*corev1.Node{node("a"), node("docker-desktop")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Detect(test.nodes).Name; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestWSLIsToldOfEveryPlatform(t *testing.T) {
	if !Detect([]*corev1.Node{node("a", provider("kind://docker/a/a"), kernel(wsl2))}).WSL {
		t.Error("kind on the kernel of WSL 2: WSL is not told")
	}
	if Detect([]*corev1.Node{node("a", provider("kind://docker/a/a"), kernel(linuxkit))}).WSL {
		t.Error("kind on another kernel: WSL is told")
	}
}
