package render

import (
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// RunningOptions say how the ports of a run are listed.
type RunningOptions struct {
	Glyphs Glyphs
	// Namespaces writes them in front of the services' names.
	Namespaces bool
	// Open tells the addresses on which a protocol is listened to.
	Open func(protocol string, at netip.AddrPort) bool
}

// runningRow is a port with the addresses at which it is served.
type runningRow struct{ name, ports, addresses string }

// Running lists the ports that are served on this machine: a line for each
// node port with its addresses on the nodes, and one for the service's own port
// where that is served, too.
func Running(w io.Writer, table *route.Table, o RunningOptions) error {
	var rows []runningRow
	for i := range table.Services {
		service := &table.Services[i]
		for j := range service.Ports {
			rows = append(rows, o.rows(table, service, &service.Ports[j])...)
		}
	}
	columns := []Column[runningRow]{
		{Header: "NAME", Cell: func(r runningRow) string { return r.name }},
		{Header: "PORTS", Cell: func(r runningRow) string { return r.ports }},
		{Header: "ADDRESSES", Cell: func(r runningRow) string { return r.addresses }},
	}
	return Table(w, columns, rows, TableOptions{NoHeaders: true})
}

func (o RunningOptions) rows(table *route.Table, service *route.Service, port *route.Port) []runningRow {
	name := service.Name
	if o.Namespaces {
		name = service.Namespace + "/" + name
	}
	rows := []runningRow{{name, ThreePorts(service, port, o.Glyphs), o.nodes(table, service, port)}}
	var inside []string
	for _, ip := range service.ClusterIPs {
		if at := netip.AddrPortFrom(ip, port.Port); o.Open(port.Protocol, at) {
			inside = append(inside, URLAt(port, at))
		}
	}
	if len(inside) > 0 {
		ports := fmt.Sprintf("%d %s %s/%s", port.Port, o.Glyphs.Arrow, port.Target, port.Protocol)
		rows = append(rows, runningRow{ports: ports, addresses: strings.Join(inside, "   ")})
	}
	return rows
}

// nodes are the addresses of the nodes that listen, or why none does.
func (o RunningOptions) nodes(table *route.Table, service *route.Service, port *route.Port) string {
	var open []string
	reason := service.Ignored
	for way := range table.Routes(service, port) {
		if at := netip.AddrPortFrom(way.Address.IP, port.OpenedPort()); o.Open(port.Protocol, at) && way.Verdict.Action == route.Forward {
			open = append(open, URLAt(port, at))
		} else if reason == "" {
			reason = way.Verdict.Reason
		}
	}
	switch {
	case len(open) > 0:
		return strings.Join(open, "   ")
	case reason == "":
		reason = "not open"
	}
	return "(" + reason + ")"
}

// URLAt writes an address of a port for a browser or curl: a URL for HTTP, or
// else the address alone.
func URLAt(port *route.Port, at netip.AddrPort) string {
	if port.Scheme == "" {
		return at.String()
	}
	return port.Scheme + "://" + at.String()
}
