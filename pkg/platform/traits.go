package platform

// trait describes how the nodes of a platform can be reached from the machine
// that it runs on.
type trait struct {
	// nodes reports whether the node addresses work.
	nodes func(Platform, Client) Answer
	// What works otherwise, as in Advice.
	address string
	command func(Port) string
	text    string
}

// traits returns the traits of the platforms for laptops, by name. The source
// is each platform's documentation and issues; where these disagree or are old,
// the answer is Unknown.
func traits() map[string]trait {
	always := func(a Answer) func(Platform, Client) Answer { return func(Platform, Client) Answer { return a } }
	return map[string]trait{
		Kind: {nodes: asContainers, command: forward,
			text: "the nodes of {platform} are containers that {client} {cannot} reach; node port {port} is on localhost only if extraPortMappings mapped it when the cluster was created"},
		DockerDesktopKind: {nodes: asContainers, command: forward,
			text: "the nodes of {platform} are containers that {client} {cannot} reach"},
		K3d: {nodes: asContainers, command: forward,
			text: "the nodes of {platform} are containers that {client} {cannot} reach; node port {port} is on localhost only if the cluster was created with -p {port}:{port}@server:0"},
		Minikube: {nodes: ofMinikube, command: forward,
			text: "{client} {cannot} reach the nodes of {platform}"},

		DockerDesktop: {nodes: always(No), address: localhost,
			text: "{platform} opens node ports on localhost, and {client} cannot reach the address of its node"},
		OrbStack: {nodes: always(Unknown), address: localhost,
			text: "{platform} opens node ports on localhost"},
		RancherDesktop: {nodes: always(Unknown), address: localhost,
			text: "{platform} opens node ports on localhost"},
		Colima: {nodes: always(No), address: localhost,
			text: "{platform} opens node ports on localhost, and {client} can reach the address of its node only after colima start --network-address"},
		Lima: {nodes: always(No), address: localhost,
			text: "{platform} opens node ports on localhost, unless the instance is plain or rootless, and {client} cannot reach the address of its node"},
		WSL: {nodes: ofWSL,
			text: "the node is inside WSL 2, which forwards only ports on which a process listens to Windows, and no process listens on node ports; try the node's address"},
	}
}

// asContainers reports whether the addresses of containers can be reached: yes
// on Linux, unless the engine runs in a virtual machine. In WSL the kernel does
// not show whether the engine belongs to the same distribution.
func asContainers(p Platform, c Client) Answer {
	switch {
	case c.WSL:
		return Unknown
	case c.OS != "linux" || p.inVM:
		return No
	}
	return Yes
}

// ofMinikube derives the answer from the API server's address: minikube maps it
// to localhost when the driver gives the node no address that works from this
// machine, and uses the node's address otherwise
// (pkg/minikube/driver/driver.go, NeedsPortForward).
func ofMinikube(_ Platform, c Client) Answer {
	if c.Server == "" {
		return Unknown
	}
	return No
}

// ofWSL returns Yes for a client in the same virtual machine as the node.
func ofWSL(_ Platform, c Client) Answer {
	if c.WSL {
		return Yes
	}
	return Unknown
}

// forward returns the command that opens the node port on this machine.
func forward(port Port) string {
	return "kubectl nodeport forward" + port.inNamespace() + " " + port.Service
}

// inNamespace returns the flag for the service's namespace.
func (p Port) inNamespace() string {
	if p.Namespace == "" {
		return ""
	}
	return " -n " + p.Namespace
}

// firewalls returns what each cloud's firewall must allow, by platform.
func firewalls() map[string]string {
	const (
		aws     = "the security group of the nodes allows {port}/{protocol} from outside only after aws ec2 authorize-security-group-ingress --group-id GROUP --protocol {proto} --port {port} --cidr CIDR"
		google  = "the firewall of Google Cloud allows {port}/{protocol} only after gcloud compute firewall-rules create NAME --allow {proto}:{port}"
		azure   = "the network security group of the nodes must allow {port}/{protocol}, and nodes have no public address unless their pool enables it"
		oracle  = "the security list must allow {port}/{protocol}, and Oracle's images reject forwarded packets with a rule in iptables of the node"
		general = "a firewall of {platform}, if one is set up, must allow {port}/{protocol}"
	)
	return map[string]string{
		EKS: aws, AWS: aws, GKE: google, GoogleCloud: google, AKS: azure, Azure: azure, OracleCloud: oracle,
		DigitalOcean: general, Hetzner: general, Linode: general, Vultr: general,
		Scaleway: general, OpenStack: general, Equinix: general,
	}
}
