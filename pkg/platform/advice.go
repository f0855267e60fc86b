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
	// WSL tells that it is a Linux in WSL 2, beside the Windows of the laptop.
	WSL bool
	// Server is the host of the API server's address in the kubeconfig, without
	// port; empty when it is not known. It tells whether the cluster runs here.
	Server string
}

// Port is a node port to reach.
type Port struct {
	Namespace, Service string
	// Protocol is TCP when empty.
	Protocol corev1.Protocol
	// Port is the service's.
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

// String is "yes", "no" or "unknown".
func (a Answer) String() string { return [...]string{"unknown", "yes", "no"}[a] }

// cannot is the verb for what is not known to work.
func (a Answer) cannot() string {
	if a == No {
		return "cannot"
	}
	return "may not"
}

// Advice is how to reach a node port of this platform from the client. The
// zero Advice means that there is nothing to say beyond the nodes' addresses.
type Advice struct {
	// Nodes tells whether the addresses of the nodes can be reached; a firewall
	// may still let nothing through to their node ports.
	Nodes Answer
	// Address is the one that works instead, with the same node port; empty
	// when none is known.
	Address string
	// Command opens a way to the service as long as it runs, for when no
	// address is known to work; empty when there is none.
	Command string
	// Text is a sentence for people, without a full stop; empty when there is
	// nothing to say.
	Text string
}

// localhost is where desktop clusters forward their node ports to.
const localhost = "127.0.0.1"

// Advice tells how to reach port from c.
func (p Platform) Advice(c Client, port Port) Advice {
	if slices.Contains(p.hosts, c.Server) {
		// Who talks to the API server on a node can reach the node.
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

// hosts tells whether the cluster runs on the client's own machine, as far as
// the address of the API server tells. From within WSL it may have another.
func (c Client) hosts() bool {
	switch c.Server {
	case "", "localhost", "kubernetes.docker.internal", "k8s.orb.local":
		return true
	}
	ip := net.ParseIP(c.Server)
	return c.WSL || ip.IsLoopback() || ip.IsUnspecified()
}

// system names the client for people.
func (c Client) system() string {
	switch c.OS {
	case "darwin":
		return "macOS"
	case "windows":
		return "Windows"
	}
	return "this machine"
}

// Firewall says in one sentence what a cloud must let through before port can
// be reached from outside; it is empty where no firewall is known.
func (p Platform) Firewall(port Port) string { return p.fill(firewalls()[p.Name], port) }

// fill puts names and numbers into a text of the tables.
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
