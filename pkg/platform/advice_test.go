package platform

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// web is the port of the tutorial.
func web() Port { return Port{Namespace: "shop", Service: "web", Port: 82, NodePort: 30033} }

func TestAdvice(t *testing.T) {
	const here, there = "127.0.0.1", "192.0.2.7"
	mac, linux, windows := Client{OS: "darwin", Server: here}, Client{OS: "linux", Server: here}, Client{OS: "windows", Server: here}
	inWSL := Client{OS: "linux", WSL: true, Server: here}
	at := func(c Client, server string) Client { c.Server = server; return c }
	kind := func(k string) *corev1.Node {
		return node("kind-control-plane", provider("kind://docker/kind/kind-control-plane"), kernel(k), ip("172.18.0.2"))
	}
	minikube := node("minikube", label("minikube.k8s.io/name", "minikube"), ip("192.168.49.2"))
	profile := node("work", label("minikube.k8s.io/name", "work"), ip("192.168.49.2"))
	const (
		native      = "6.8.0-45-generic"
		forward     = "kubectl nodeport forward -n shop web"
		kindOnMac   = "the nodes of kind are containers that macOS cannot reach; node port 30033 is on localhost only if extraPortMappings mapped it when the cluster was created"
		desktopMac  = "Docker Desktop opens node ports on localhost, and macOS cannot reach the address of its node"
		minikubeMac = "macOS cannot reach the nodes of minikube"
	)
	tests := []struct {
		name   string
		node   *corev1.Node
		client Client
		want   Advice
	}{
		{"nothing is said of a plain cluster", node("node1", ip("10.1.11.4")), linux, Advice{}},
		{"a node that serves the API can be reached", node("node1", ip("10.1.11.4")), at(linux, "10.1.11.4"), Advice{Nodes: Yes}},
		{"nothing is said of a cloud", node("vm", provider("hcloud://1")), mac, Advice{}},

		{"kind on Linux", kind(native), linux, Advice{Nodes: Yes}},
		{"kind on Linux with the server of older versions", kind(native), at(linux, "0.0.0.0"), Advice{Nodes: Yes}},
		{"kind on macOS", kind(linuxkit), mac, Advice{Nodes: No, Command: forward, Text: kindOnMac}},
		{"kind on macOS in Podman, whose kernel tells nothing", kind(native), mac, Advice{Nodes: No, Command: forward, Text: kindOnMac}},
		{"kind on Linux in Docker Desktop", kind(linuxkit), linux, Advice{Nodes: No, Command: forward,
			Text: strings.Replace(kindOnMac, "macOS", "this machine", 1)}},
		{"kind on Windows", kind(wsl2), windows, Advice{Nodes: No, Command: forward,
			Text: strings.Replace(kindOnMac, "macOS", "Windows", 1)}},
		{"kind in WSL is uncertain", kind(wsl2), inWSL, Advice{Command: forward,
			Text: strings.Replace(kindOnMac, "macOS cannot", "this machine may not", 1)}},
		{"kind in WSL with the server at the address of Windows", kind(wsl2), at(inWSL, "172.30.0.1"), Advice{Command: forward,
			Text: strings.Replace(kindOnMac, "macOS cannot", "this machine may not", 1)}},
		{"kind from a container beside it", kind(linuxkit), at(linux, "172.18.0.2"), Advice{Nodes: Yes}},
		{"kind on another machine", kind(native), at(mac, there), Advice{
			Text: "kind seems to run on another machine, 192.0.2.7, and its node ports may be reachable only from there"}},
		{"kind with a server that is not known", kind(native), at(linux, ""), Advice{Nodes: Yes}},
		{"kind in Docker Desktop", node("desktop-control-plane", provider("kind://docker/desktop/desktop-control-plane"), kernel(linuxkit)), mac,
			Advice{Nodes: No, Command: forward, Text: "the nodes of kind in Docker Desktop are containers that macOS cannot reach"}},
		{"k3d on macOS", node("k3d-a-server-0", k3s), mac, Advice{Nodes: No, Command: forward,
			Text: "the nodes of k3d are containers that macOS cannot reach; node port 30033 is on localhost only if the cluster was created with -p 30033:30033@server:0"}},
		{"k3d on Linux", node("k3d-a-server-0", k3s), at(linux, "0.0.0.0"), Advice{Nodes: Yes}},

		{"minikube in a virtual machine, or in Docker on Linux", minikube, at(linux, "192.168.49.2"), Advice{Nodes: Yes}},
		{"minikube behind localhost", minikube, mac, Advice{Nodes: No, Text: minikubeMac, Command: forward}},
		{"minikube with a profile", profile, mac, Advice{Nodes: No, Text: minikubeMac, Command: forward}},
		{"minikube with a server that is not known", minikube, at(mac, ""), Advice{
			Text: strings.Replace(minikubeMac, "cannot", "may not", 1), Command: forward}},

		{"Docker Desktop", node("docker-desktop", ip("192.168.65.3")), at(mac, "kubernetes.docker.internal"), Advice{Nodes: No, Address: "127.0.0.1", Text: desktopMac}},
		{"OrbStack", node("orbstack", kernel(orbstack)), at(mac, "k8s.orb.local"), Advice{Address: "127.0.0.1", Text: "OrbStack opens node ports on localhost"}},
		{"Rancher Desktop", node("lima-rancher-desktop"), mac, Advice{Address: "127.0.0.1", Text: "Rancher Desktop opens node ports on localhost"}},
		{"Colima", node("colima", k3s, ip("192.168.5.1")), mac, Advice{Nodes: No, Address: "127.0.0.1",
			Text: "Colima opens node ports on localhost, and macOS can reach the address of its node only after colima start --network-address"}},
		{"Lima", node("lima-k8s"), linux, Advice{Nodes: No, Address: "127.0.0.1",
			Text: "Lima opens node ports on localhost, unless the instance is plain or rootless, and this machine cannot reach the address of its node"}},
		{"a node in WSL from WSL", node("laptop", kernel(wsl2)), inWSL, Advice{Nodes: Yes}},
		{"a node in WSL from Windows", node("laptop", kernel(wsl2)), windows, Advice{
			Text: "the node is inside WSL 2, which forwards only ports on which a process listens to Windows, and no process listens on node ports; try the node's address"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Detect([]*corev1.Node{test.node}).Advice(test.client, web())
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCommandsAreForTCPAndMayUseTheCurrentNamespace(t *testing.T) {
	p := Detect([]*corev1.Node{node("a", provider("kind://docker/a/a"))})
	port := web()
	port.Namespace = ""
	if got, want := p.Advice(Client{OS: "darwin"}, port).Command, "kubectl nodeport forward web"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	port.Protocol = corev1.ProtocolUDP
	if got := p.Advice(Client{OS: "darwin"}, port); got.Command != "" || got.Nodes != No {
		t.Errorf("for UDP: got %+v, want no command", got)
	}
}

func TestFirewall(t *testing.T) {
	dns := web()
	dns.Protocol = corev1.ProtocolUDP
	tests := []struct {
		platform string
		port     Port
		want     string
	}{
		{EKS, web(), "the security group of the nodes allows 30033/TCP from outside only after aws ec2 authorize-security-group-ingress --group-id GROUP --protocol tcp --port 30033 --cidr CIDR"},
		{GKE, dns, "the firewall of Google Cloud allows 30033/UDP only after gcloud compute firewall-rules create NAME --allow udp:30033"},
		{AKS, web(), "the network security group of the nodes must allow 30033/TCP, and nodes have no public address unless their pool enables it"},
		{Hetzner, web(), "a firewall of Hetzner, if one is set up, must allow 30033/TCP"},
		{Kind, web(), ""},
		{"", web(), ""},
	}
	for _, test := range tests {
		t.Run(test.platform, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Platform{Name: test.platform}.Firewall(test.port)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTextsAreFilled(t *testing.T) {
	for name := range traits() {
		for _, os := range []string{"darwin", "windows", "linux"} {
			if text := (Platform{Name: name}).Advice(Client{OS: os}, web()).Text; strings.ContainsAny(text, "{}") {
				t.Errorf("%s on %s: %s", name, os, text)
			}
		}
	}
	for name := range firewalls() {
		if text := (Platform{Name: name}).Firewall(web()); strings.ContainsAny(text, "{}") || strings.HasSuffix(text, ".") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestEverySignIsOfAPlatformThatIsSpokenOf(t *testing.T) {
	for _, sign := range signs() {
		_, laptop := traits()[sign.platform]
		_, cloud := firewalls()[sign.platform]
		if laptop == cloud {
			t.Errorf("%s: laptop %v, cloud %v; want one of them", sign.platform, laptop, cloud)
		}
	}
}

func TestAnswerString(t *testing.T) {
	if got := Unknown.String() + Yes.String() + No.String(); got != "unknownyesno" {
		t.Error(got)
	}
}
