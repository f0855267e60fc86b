package render

import (
	"cmp"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// URLs returns the addresses that should answer, for scripts: HTTP ones with
// their scheme, all others with their protocol, such as "tcp://10.1.11.4:30033".
func URLs(table *route.Table) []string {
	var urls []string
	for i := range table.Services {
		service := &table.Services[i]
		for j := range service.Ports {
			port := &service.Ports[j]
			for _, way := range reach(table, service, port, 0).answering {
				if port.NodePort != 0 && best(way) {
					urls = append(urls, URL(way.Address, port))
				}
			}
		}
	}
	return urls
}

// URL writes one address of a port as URLs does.
func URL(address *route.Address, port *route.Port) string {
	return cmp.Or(port.URL(address), strings.ToLower(port.Protocol)+"://"+address.HostPort(port.NodePort))
}
