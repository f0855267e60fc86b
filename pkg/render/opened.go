package render

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// OpenedOptions say how services are told that are open on this machine.
type OpenedOptions struct {
	Glyphs Glyphs
	// Namespaces puts theirs in front of the names.
	Namespaces bool
	// Shut tells that an address cannot be opened; nil when all can.
	Shut func(protocol string, at netip.AddrPort) bool
}

// Opened says of each service of a table where its node ports are open and to
// how many pods they lead, such as "web  http://127.0.0.1:30033 → 3 pods". The
// lines are in the order of the table's services.
func Opened(table *route.Table, o OpenedOptions) []string {
	lines := make([]string, 0, len(table.Services))
	for i := range table.Services {
		lines = append(lines, o.service(table, &table.Services[i]))
	}
	return lines
}

func (o OpenedOptions) service(table *route.Table, service *route.Service) string {
	name := service.Name
	if o.Namespaces {
		name = service.Namespace + "/" + name
	}
	var ports []string
	for j := range service.Ports {
		ports = append(ports, o.port(table, service, &service.Ports[j]))
	}
	return Safe(name + "  " + strings.Join(ports, ", "))
}

func (o OpenedOptions) port(table *route.Table, service *route.Service, port *route.Port) string {
	if port.NodePort == 0 {
		return fmt.Sprintf("port %d has no node port", port.Port)
	}
	r := reach(table, service, port, fewAddresses)
	if reason := r.onlyReason(); reason != "" {
		return fmt.Sprintf("%d/%s (%s)", port.NodePort, port.Protocol, reason)
	}
	var addresses []string
	for _, way := range r.answering {
		addresses = append(addresses, o.address(way.Address, port))
	}
	if more, _ := r.rest(); more != "" {
		addresses = append(addresses, more)
	}
	if len(addresses) == 0 && len(r.silent) > 0 {
		return fmt.Sprintf("%d/%s (%s)", port.NodePort, port.Protocol, r.silent[0].Verdict.Reason)
	}
	if len(addresses) == 0 {
		return fmt.Sprintf("%d/%s (no address of its IP family here)", port.NodePort, port.Protocol)
	}
	return fmt.Sprintf("%s %s %s", strings.Join(addresses, " "), o.Glyphs.Arrow, pods(usable(table, service, port)))
}

// address names the protocol where it is not TCP, and says what cannot be opened.
func (o OpenedOptions) address(address *route.Address, port *route.Port) string {
	text := addressText(address, port)
	if port.Protocol != "TCP" {
		text += "/" + port.Protocol
	}
	if o.Shut != nil && o.Shut(port.Protocol, netip.AddrPortFrom(address.IP, port.OpenedPort())) {
		text += " (not open)"
	}
	return text
}

// usable counts the endpoints that any of the addresses leads to.
func usable(table *route.Table, service *route.Service, port *route.Port) int {
	seen := map[string]bool{}
	for way := range table.Routes(service, port) {
		for _, endpoint := range way.Verdict.Endpoints {
			seen[endpoint.Address.String()] = true
		}
	}
	return len(seen)
}

func pods(n int) string {
	if n == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d pods", n)
}
