package render

import (
	"fmt"
	"net"
	"strconv"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// Path draws the way of a packet through a port's three ports, such as
// "client → node 10.1.11.4:30033 → service 10.3.11.5:82 → pod 10.2.1.7:300".
// It takes the first way that answers; without one it ends where the packet does.
func Path(table *route.Table, service *route.Service, port *route.Port, g Glyphs) string {
	found := reach(table, service, port, 1)
	node := "<node>:" + portText(port.NodePort)
	pod := "pod :" + port.Target
	switch {
	case len(found.answering) > 0:
		way := found.answering[0]
		node = net.JoinHostPort(way.Address.Host, portText(port.NodePort))
		if endpoints := way.Verdict.Endpoints; len(endpoints) > 0 {
			pod = "pod " + endpoints[0].Address.String()
		}
	case len(found.silent) > 0:
		way := found.silent[0]
		node = net.JoinHostPort(way.Address.Host, portText(port.NodePort))
		pod = fmt.Sprintf("%s %s", g.No, way.Reason())
	}
	return Safe(fmt.Sprintf("client %[1]s node %[2]s %[1]s service %[3]s %[1]s %[4]s",
		g.Arrow, node, serviceAddress(service, port), pod))
}

func serviceAddress(service *route.Service, port *route.Port) string {
	if len(service.ClusterIPs) == 0 {
		return ":" + portText(port.Port)
	}
	return net.JoinHostPort(service.ClusterIPs[0].String(), portText(port.Port))
}

func portText(port uint16) string {
	if port == 0 {
		return "<auto>"
	}
	return strconv.Itoa(int(port))
}
