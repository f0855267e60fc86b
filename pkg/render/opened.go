package render

import (
	"fmt"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// Opened says of each service of a table where its node ports are open and to
// how many pods they lead, such as "web  http://127.0.0.1:30033 → 3 pods". The
// lines are in the order of the table's services; namespaces puts theirs in
// front of the names.
func Opened(table *route.Table, namespaces bool, g Glyphs) []string {
	lines := make([]string, 0, len(table.Services))
	for i := range table.Services {
		lines = append(lines, opened(table, &table.Services[i], namespaces, g))
	}
	return lines
}

func opened(table *route.Table, service *route.Service, namespaces bool, g Glyphs) string {
	name := service.Name
	if namespaces {
		name = service.Namespace + "/" + name
	}
	var ports []string
	for j := range service.Ports {
		ports = append(ports, openedPort(table, service, &service.Ports[j], g))
	}
	return Safe(name + "  " + strings.Join(ports, ", "))
}

func openedPort(table *route.Table, service *route.Service, port *route.Port, g Glyphs) string {
	if port.NodePort == 0 {
		return fmt.Sprintf("port %d has no node port", port.Port)
	}
	r := reach(table, service, port, fewAddresses)
	if reason := r.onlyReason(); reason != "" {
		return fmt.Sprintf("%d/%s (%s)", port.NodePort, port.Protocol, reason)
	}
	var addresses []string
	for _, way := range r.answering {
		addresses = append(addresses, localAddress(way.Address, port))
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
	return fmt.Sprintf("%s %s %s", strings.Join(addresses, " "), g.Arrow, pods(usable(table, service, port)))
}

// localAddress names the protocol where it is not TCP.
func localAddress(address *route.Address, port *route.Port) string {
	text := addressText(address, port)
	if port.Protocol != "TCP" {
		text += "/" + port.Protocol
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
