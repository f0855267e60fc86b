package rig

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/process"
)

// hostNumbers returns every host's last address number.
func (c *Cluster) hostNumbers() map[string]int {
	numbers := map[string]int{"cp": controlPlaneNumber, "client": clientNumber}
	for k := range c.Options.Nodes {
		numbers[nodeName(k+1)] = nodeNumber(k + 1)
	}
	return numbers
}

func nodeName(k int) string { return fmt.Sprintf("n%d", k) }

func nodeNumber(k int) int { return firstNodeNumber + k - 1 }

func (c *Cluster) hostAddrs(number int) []netip.Addr {
	addrs := []netip.Addr{hostAddr(number)}
	if c.Options.DualStack {
		addrs = append(addrs, hostAddr6(number))
	}
	return addrs
}

// makeNetwork makes the hosts: a network namespace each, plugged into a bridge
// in the rig's own network namespace.
func (c *Cluster) makeNetwork() error {
	var plug strings.Builder
	plug.WriteString("link set lo up\nlink add br0 type bridge\nlink set br0 up\n")
	numbers := c.hostNumbers()
	for name := range numbers {
		_, _ = fmt.Fprintf(&plug, "netns add %[1]s\nlink add v-%[1]s type veth peer name eth0 netns %[1]s\nlink set v-%[1]s master br0 up\n", name)
	}
	if err := c.ip("", plug.String()); err != nil {
		return err
	}
	for name, number := range numbers {
		if err := c.ip(name, c.hostSetup(name, number)); err != nil {
			return err
		}
		if err := c.sh(name, forwarding); err != nil {
			return err
		}
	}
	return nil
}

// forwarding is a script that makes a host route, and its bridge show pods'
// packets to kube-proxy's rules. A machine without IPv6 or bridge filtering
// lacks files.
const forwarding = `set -- ipv4/ip_forward ipv6/conf/all/forwarding bridge/bridge-nf-call-iptables bridge/bridge-nf-call-ip6tables
for f; do [ ! -e /proc/sys/net/$f ] || echo 1 >/proc/sys/net/$f; done`

// hostSetup returns the ip commands that give a host its addresses and routes.
// Nodes and the control plane reach the pods, the client does not.
func (c *Cluster) hostSetup(name string, number int) string {
	var b strings.Builder
	b.WriteString("link set lo up\nlink set eth0 up\n")
	for _, a := range c.hostAddrs(number) {
		nodad := ""
		bits := 24
		if a.Is6() {
			nodad, bits = " nodad", 64
		}
		_, _ = fmt.Fprintf(&b, "addr add %s/%d dev eth0%s\n", a, bits, nodad)
	}
	if name == "client" {
		return b.String()
	}
	for k := 1; k <= c.Options.Nodes; k++ {
		if name == nodeName(k) {
			// Nodes need a default route for kube-proxy's addresses to be routable.
			_, _ = fmt.Fprintf(&b, "route add default via %s\n", hostAddr(controlPlaneNumber))
			continue
		}
		_, _ = fmt.Fprintf(&b, "route add %s via %s\n", podSubnet(k), hostAddr(nodeNumber(k)))
		if c.Options.DualStack {
			_, _ = fmt.Fprintf(&b, "route add %s via %s\n", podSubnet6(k), hostAddr6(nodeNumber(k)))
		}
	}
	if c.Options.DualStack && name != "cp" {
		_, _ = fmt.Fprintf(&b, "route add default via %s\n", hostAddr6(controlPlaneNumber))
	}
	return b.String()
}

// ip runs ip commands, one a line, on a host.
func (c *Cluster) ip(host, commands string) error {
	return c.parent.Must(process.Spec{Host: host, Args: []string{"ip", "-batch", "-"}, Stdin: commands})
}

// sh runs a shell script on a host.
func (c *Cluster) sh(host, script string) error {
	return c.parent.Must(process.Spec{Host: host, Args: []string{"sh", "-ec", script}})
}
