package engine

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// series is one of the numbers that are told of each service port, on a node
// or of an endpoint.
type series struct {
	name, kind, help string
	value            func(*Counts) float64
}

// nodeSeries are told by node, endpointSeries by endpoint.
func nodeSeries() []series {
	return []series{
		{"nodeport_clients_total", "counter", "Connections and UDP flows that came.", func(c *Counts) float64 { return float64(c.Clients) }},
		{"nodeport_clients_open", "gauge", "Connections and UDP flows that have not ended.", func(c *Counts) float64 { return float64(c.Open) }},
		{"nodeport_failures_total", "counter", "Clients that reached no endpoint.", func(c *Counts) float64 { return float64(c.Failures) }},
		{"nodeport_sent_bytes_total", "counter", "Bytes to endpoints.", func(c *Counts) float64 { return float64(c.Sent) }},
		{"nodeport_received_bytes_total", "counter", "Bytes from endpoints.", func(c *Counts) float64 { return float64(c.Received) }},
	}
}

func endpointSeries() []series {
	return []series{
		{"nodeport_endpoint_clients_total", "counter", "Connections and UDP flows that an endpoint took.", func(c *Counts) float64 { return float64(c.Clients) }},
		{"nodeport_endpoint_clients_open", "gauge", "Connections and UDP flows that are on an endpoint.", func(c *Counts) float64 { return float64(c.Open) }},
		{"nodeport_endpoint_failures_total", "counter", "Times that an endpoint was not reached.", func(c *Counts) float64 { return float64(c.Failures) }},
		{"nodeport_endpoint_sent_bytes_total", "counter", "Bytes to an endpoint.", func(c *Counts) float64 { return float64(c.Sent) }},
		{"nodeport_endpoint_received_bytes_total", "counter", "Bytes from an endpoint.", func(c *Counts) float64 { return float64(c.Received) }},
		{"nodeport_endpoint_dials_total", "counter", "Times that an endpoint was reached.", func(c *Counts) float64 { return float64(c.Dials) }},
		{"nodeport_endpoint_dial_seconds_total", "counter", "Time that this took.", func(c *Counts) float64 { return c.DialSeconds }},
	}
}

// WriteMetrics writes a status in the text format of Prometheus
// (https://prometheus.io/docs/instrumenting/exposition_formats/).
func (s *Status) WriteMetrics(to io.Writer) error {
	w := &metricsWriter{bufio.NewWriter(to)}
	w.head("nodeport_connections_open", "gauge", "TCP connections that are open.")
	w.line("nodeport_connections_open", nil, float64(s.Connections))
	w.head("nodeport_connections_max", "gauge", "TCP connections that may be open; 0 for any number.")
	w.line("nodeport_connections_max", nil, float64(s.MaxConnections))
	w.addresses(s.Ports)
	for _, series := range nodeSeries() {
		w.head(series.name, series.kind, series.help)
		for i := range s.Ports {
			for j := range s.Ports[i].Nodes {
				node := &s.Ports[i].Nodes[j]
				w.line(series.name, append(s.Ports[i].labels(), "node", node.Node), series.value(&node.Counts))
			}
		}
	}
	for _, series := range endpointSeries() {
		w.head(series.name, series.kind, series.help)
		for i := range s.Ports {
			for j := range s.Ports[i].Endpoints {
				e := &s.Ports[i].Endpoints[j]
				w.line(series.name, append(s.Ports[i].labels(), "endpoint", e.Address.String(), "pod", e.Pod), series.value(&e.Counts))
			}
		}
	}
	return w.Flush()
}

func (p *PortStatus) labels() []string {
	return []string{
		"namespace", p.Namespace, "service", p.Service, "port", p.PortName,
		"protocol", p.Protocol, "node_port", strconv.Itoa(int(p.NodePort)),
	}
}

type metricsWriter struct{ *bufio.Writer }

func (w *metricsWriter) addresses(ports []PortStatus) {
	const name = "nodeport_address_open"
	w.head(name, "gauge", "1 for an address that takes clients, 0 for one that does not.")
	for i := range ports {
		for _, a := range ports[i].Addresses {
			open := 0.0
			if a.State == "open" {
				open = 1
			}
			w.line(name, append(ports[i].labels(), "node", a.Node, "address", a.Address.String(), "state", a.State), open)
		}
	}
}

func (w *metricsWriter) head(name, kind, help string) {
	_, _ = w.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n")
}

// line writes a value with its labels, name and value one after the other.
func (w *metricsWriter) line(name string, labels []string, value float64) {
	_, _ = w.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		escaped := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(labels[i+1])
		_, _ = w.WriteString(separator + labels[i] + `="` + escaped + `"`)
	}
	if len(labels) > 0 {
		_ = w.WriteByte('}')
	}
	_, _ = w.WriteString(" " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}
