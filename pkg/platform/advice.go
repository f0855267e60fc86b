package platform

import (
	"fmt"
	"net"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Client is the user's machine.
type Client struct {
	// OS is its runtime.GOOS.
	OS string
	// WSL is true for a Linux in WSL 2 on a Windows machine.
	WSL bool
	// Server is the host of the API server's address in the kubeconfig, without
	// port; empty when it is not known. It shows whether the cluster is local.
	Server string
}

// Port is a node port to reach.
type Port struct {
	Namespace, Service string
	// Protocol is TCP when empty.
	Protocol corev1.Protocol
	// Port is the service port.
	Port, NodePort int32
}

// Answer is yes or no, or Unknown, the zero Answer.
type Answer int

// The answers.
const (
	Unknown Answer = iota
	Yes
	No
)

// String returns "yes", "no" or "unknown".
func (a Answer) String() string { return [...]string{"unknown", "yes", "no"}[a] }

// cannot returns the verb for something that does not work, or may not.
func (a Answer) cannot() string {
	if a == No {
		return "cannot"
	}
	return "may not"
}

// Advice says how to reach a node port of a platform from the client. The zero
// Advice means that the node addresses are all there is to say.
type Advice struct {
	// Nodes reports whether the client can reach the addresses of the nodes. A
	// firewall may still block their node ports.
	Nodes Answer
	// Address is the address that works instead, with the same node port; empty
	// when none is known.
	Address string
	// Command is a command that makes the service reachable while it runs, for
	// use when no address is known to work; empty when there is none.
	Command string
	// Text is a sentence for the user, without a full stop; it may be empty.
	Text string
}

// localhost is the address to which desktop clusters forward their node ports.
const localhost = "127.0.0.1"

// Advice returns how to reach port from c.
func (p Platform) Advice(c Client, port Port) Advice {
	if slices.Contains(p.hosts, c.Server) {
		// A client that reaches the API server on a node can reach the node.
		return Advice{Nodes: Yes}
	}
	trait, known := traits()[p.Name]
	if !known {
		return Advice{}
	}
	if !c.hosts() {
		return Advice{Text: fmt.Sprintf("%s seems to run on another machine, %s, and its node ports may be reachable only from there", p.Name, c.Server)}
	}
	advice := Advice{Nodes: trait.nodes(p, c)}
	if advice.Nodes == Yes {
		return advice
	}
	advice.Address = trait.address
	if trait.command != nil && port.protocol() == corev1.ProtocolTCP {
		advice.Command = trait.command(port)
	}
	advice.Text = p.fill(trait.text, port, "{client}", c.system(), "{cannot}", advice.Nodes.cannot())
	return advice
}

// hosts reports whether the cluster runs on the client's own machine, judging
// by the address of the API server. In WSL that address is no evidence.
func (c Client) hosts() bool {
	switch c.Server {
	case "", "localhost", "kubernetes.docker.internal", "k8s.orb.local":
		return true
	}
	ip := net.ParseIP(c.Server)
	return c.WSL || ip.IsLoopback() || ip.IsUnspecified()
}

// system returns the client's name in messages.
func (c Client) system() string {
	switch c.OS {
	case "darwin":
		return "macOS"
	case "windows":
		return "Windows"
	}
	return "this machine"
}

// Firewall returns a sentence about what the cloud's firewall must allow before
// port can be reached from outside. It is empty where no firewall is known.
func (p Platform) Firewall(port Port) string { return p.fill(firewalls()[p.Name], port) }

// fill replaces the placeholders of a text.
func (p Platform) fill(text string, port Port, more ...string) string {
	protocol := string(port.protocol())
	return strings.NewReplacer(append(more,
		"{platform}", p.Name,
		"{port}", fmt.Sprint(port.NodePort),
		"{protocol}", protocol,
		"{proto}", strings.ToLower(protocol),
	)...).Replace(text)
}

func (p Port) protocol() corev1.Protocol {
	if p.Protocol == "" {
		return corev1.ProtocolTCP
	}
	return p.Protocol
}
