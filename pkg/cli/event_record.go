package cli

import (
	"encoding/json"
	"io"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// eventRecord is the stable form of an event in JSON, of run and of forward.
type eventRecord struct {
	Time      time.Time `json:"time"`
	Event     string    `json:"event"`
	Namespace string    `json:"namespace,omitempty"`
	Service   string    `json:"service,omitempty"`
	Pod       string    `json:"pod,omitempty"`
	Protocol  string    `json:"protocol,omitempty"`
	NodePort  uint16    `json:"nodePort,omitempty"`
	Port      uint16    `json:"port,omitempty"`
	PortName  string    `json:"portName,omitempty"`
	Node      string    `json:"node,omitempty"`
	Address   string    `json:"address,omitempty"`
	Endpoint  string    `json:"endpoint,omitempty"`
	Message   string    `json:"message,omitempty"`
}

// write writes an event as a line, with the time.
func (r eventRecord) write(w io.Writer) error {
	r.Time = time.Now().UTC()
	return json.NewEncoder(render.EscapeJSON(w)).Encode(r)
}

// engineRecord is an event of the engine.
func engineRecord(e engine.Event) eventRecord {
	record := eventRecord{
		Event: portEvents()[e.Kind], Namespace: e.Way.Namespace, Service: e.Way.Service,
		Protocol: e.Way.Protocol, NodePort: e.Way.NodePort, Port: e.Way.Port, PortName: e.Way.PortName, Node: e.Way.Node, Message: e.Reason,
	}
	if e.Way.Address.IsValid() {
		record.Address = e.Way.Address.String()
	}
	if e.Endpoint.IsValid() {
		record.Endpoint = e.Endpoint.String()
	}
	if e.Err != nil {
		record.Message = e.Err.Error()
	}
	return record
}

func portEvents() map[engine.EventKind]string {
	return map[engine.EventKind]string{
		engine.PortOpened: "port-opened", engine.PortClosed: "port-closed", engine.PortFailed: "port-failed",
		engine.PortUnsupported: "port-unsupported", engine.PortForbidden: "port-forbidden", engine.EndpointFailed: "endpoint-failed",
		engine.EndpointRecovered: "endpoint-recovered", engine.LimitReached: "limit-reached",
	}
}
