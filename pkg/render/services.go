package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// fewAddresses is how many addresses of a port a table shows unless it is wide.
const fewAddresses = 3

// ServicesOptions say how services are listed.
type ServicesOptions struct {
	TableOptions
	Glyphs Glyphs
	// Namespaces adds the column of namespaces.
	Namespaces bool
	// NoNodes and NoEndpoints tell that those could not be read.
	NoNodes, NoEndpoints bool
	// Labels adds a column of what it returns for each service; nil for none.
	Labels func(*route.Service) string
}

// serviceRow is one line: a port of a service with one of its addresses. The
// first line of a port also says what the port is.
type serviceRow struct {
	service *route.Service
	port    *route.Port
	first   bool
	node    string
	address string
	kind    string
}

// Services lists the ports of services and the addresses that reach them,
// those that answer first.
func Services(w io.Writer, table *route.Table, o ServicesOptions) error {
	var rows []serviceRow
	for i := range table.Services {
		service := &table.Services[i]
		for j := range service.Ports {
			rows = append(rows, o.portRows(table, service, &service.Ports[j])...)
		}
	}
	return Table(w, o.columns(), rows, o.TableOptions)
}

func (o ServicesOptions) columns() []Column[serviceRow] {
	arrow := " " + o.Glyphs.Arrow + " "
	columns := []Column[serviceRow]{
		{Header: "NAME", Cell: o.once(func(r serviceRow) string { return r.service.Name })},
		{Header: "TYPE", Wide: true, Cell: o.once(func(r serviceRow) string { return r.service.Type })},
		{Header: "CLUSTER-IP", Wide: true, Cell: o.once(clusterIPs)},
		{Header: "TRAFFIC-POLICY", Wide: true, Cell: o.once(trafficPolicy)},
		{Header: "NODEPORT" + arrow + "PORT" + arrow + "TARGET", Cell: o.once(func(r serviceRow) string {
			return ThreePorts(r.service, r.port, o.Glyphs)
		})},
		{Header: "ENDPOINTS", Cell: o.once(o.endpoints)},
		{Header: "NODE", Cell: func(r serviceRow) string { return r.node }},
		{Header: "ADDRESS", Cell: func(r serviceRow) string { return r.address }},
		{Header: "ADDRESS-TYPE", Wide: true, Cell: func(r serviceRow) string { return r.kind }},
	}
	if o.Labels != nil {
		columns = append(columns, Column[serviceRow]{Header: "LABELS", Cell: o.once(func(r serviceRow) string { return o.Labels(r.service) })})
	}
	if o.Namespaces {
		namespace := Column[serviceRow]{Header: "NAMESPACE", Cell: o.once(func(r serviceRow) string { return r.service.Namespace })}
		columns = slices.Insert(columns, 0, namespace)
	}
	return columns
}

// once leaves a cell blank in all but the first line of a port, unless the
// lines are for a program, which wants no headers.
func (o ServicesOptions) once(cell func(serviceRow) string) func(serviceRow) string {
	return func(r serviceRow) string {
		if !r.first && !o.NoHeaders {
			return ""
		}
		return cell(r)
	}
}

func clusterIPs(r serviceRow) string {
	var ips []string
	for _, ip := range r.service.ClusterIPs {
		ips = append(ips, ip.String())
	}
	return cmp.Or(strings.Join(ips, ","), "<none>")
}

func trafficPolicy(r serviceRow) string { return policyName(r.service.ExternalLocal) }

func (o ServicesOptions) endpoints(r serviceRow) string {
	if o.NoEndpoints {
		return "<unknown>"
	}
	return fmt.Sprintf("%d/%d", r.port.ReadyEndpoints(), len(r.port.Endpoints))
}

// ThreePorts writes the ports in the order in which a packet meets them, such
// as "30033 → 82 → 300/TCP", with the port's name where there are several.
func ThreePorts(service *route.Service, port *route.Port, g Glyphs) string {
	nodePort := "<auto>"
	if port.NodePort != 0 {
		nodePort = strconv.Itoa(int(port.NodePort))
	}
	ports := fmt.Sprintf("%s %s %d %s %s/%s", nodePort, g.Arrow, port.Port, g.Arrow, port.Target, port.Protocol)
	if len(service.Ports) > 1 && port.Name != "" {
		ports = port.Name + " " + ports
	}
	return ports
}

// ThreePortsOf lists the ports of services without saying what reaches them.
func ThreePortsOf(w io.Writer, table *route.Table, g Glyphs) error {
	type row struct {
		service *route.Service
		port    *route.Port
	}
	var rows []row
	for i := range table.Services {
		for j := range table.Services[i].Ports {
			rows = append(rows, row{&table.Services[i], &table.Services[i].Ports[j]})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	arrow := " " + g.Arrow + " "
	return Table(w, []Column[row]{
		{Header: "NAME", Cell: func(r row) string { return r.service.Name }},
		{Header: "NODEPORT" + arrow + "PORT" + arrow + "TARGET", Cell: func(r row) string { return ThreePorts(r.service, r.port, g) }},
	}, rows, TableOptions{})
}

func (o ServicesOptions) portRows(table *route.Table, service *route.Service, port *route.Port) []serviceRow {
	few := fewAddresses
	if o.Wide {
		few = 0
	}
	rows := addressRows(reach(table, service, port, few), port)
	if len(rows) == 0 {
		rows = []serviceRow{o.nowhere(table, service, port)}
	}
	for i := range rows {
		rows[i].service, rows[i].port, rows[i].first = service, port, i == 0
	}
	return rows
}

func addressRows(r reached, port *route.Port) []serviceRow {
	if reason := r.onlyReason(); reason != "" {
		return []serviceRow{{node: "<none>", address: "(" + reason + ")"}}
	}
	var rows []serviceRow
	for _, way := range r.answering {
		rows = append(rows, serviceRow{node: way.Node.Name, address: addressText(way.Address, port), kind: way.Address.Type})
	}
	for _, way := range r.silent {
		address := fmt.Sprintf("%s (%s)", hostPort(way.Address, port), way.Reason())
		rows = append(rows, serviceRow{node: way.Node.Name, address: address, kind: way.Address.Type})
	}
	if more, note := r.rest(); more != "" {
		rows = append(rows, serviceRow{node: more, address: note})
	}
	return rows
}

func addressText(address *route.Address, port *route.Port) string {
	if port.NodePort == 0 {
		return address.Host
	}
	return cmp.Or(port.URL(address), address.HostPort(port.OpenedPort()))
}

// hostPort is the host alone as long as the node port is not chosen.
func hostPort(address *route.Address, port *route.Port) string {
	if port.NodePort == 0 {
		return address.Host
	}
	return address.HostPort(port.NodePort)
}

// nowhere stands for a port whose addresses are not known, or that has none.
func (o ServicesOptions) nowhere(table *route.Table, service *route.Service, port *route.Port) serviceRow {
	if o.NoNodes || len(table.Nodes) == 0 {
		anyNode := &route.Address{Host: "<node>"}
		return serviceRow{node: "<unknown>", address: addressText(anyNode, port)}
	}
	if len(service.ClusterIPs) == 0 {
		reason := cmp.Or(service.Ignored, "no cluster IP")
		return serviceRow{node: "<none>", address: "(" + reason + ")"}
	}
	var families []string
	for _, ip := range service.ClusterIPs {
		families = append(families, route.FamilyOf(ip).String())
	}
	return serviceRow{node: "<none>", address: fmt.Sprintf("(no node has an %s address)", strings.Join(families, " or "))}
}
