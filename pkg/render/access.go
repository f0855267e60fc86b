package render

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
)

// accessRecord is the stable form of a line of an access log in JSON. It may
// stand among events: its event is "access".
type accessRecord struct {
	Time      time.Time `json:"time"`
	Event     string    `json:"event"`
	Protocol  string    `json:"protocol"`
	Client    string    `json:"client"`
	Node      string    `json:"node,omitempty"`
	Address   string    `json:"address"`
	Namespace string    `json:"namespace"`
	Service   string    `json:"service"`
	NodePort  uint16    `json:"nodePort"`
	Port      uint16    `json:"port"`
	PortName  string    `json:"portName,omitempty"`
	Endpoint  string    `json:"endpoint,omitempty"`
	Pod       string    `json:"pod,omitempty"`
	Tries     int       `json:"tries"`
	// Sent and Received are bytes to and from the endpoint.
	Sent     int64   `json:"sent"`
	Received int64   `json:"received"`
	DialMS   float64 `json:"dialMs"`
	MS       float64 `json:"ms"`
	Error    string  `json:"error,omitempty"`
}

// AccessLine writes one connection as a line: the way it went, how much passed
// and how long it took, and why it failed if it did.
func AccessLine(w io.Writer, access *engine.Access, asJSON bool, g Glyphs) error {
	if asJSON {
		return json.NewEncoder(EscapeJSON(w)).Encode(recordOf(access))
	}
	_, err := fmt.Fprintln(w, Safe(accessText(access, g)))
	return err
}

func recordOf(a *engine.Access) accessRecord {
	record := accessRecord{
		Time: a.Started.UTC(), Event: "access", Protocol: a.Way.Protocol, Client: a.Client.String(), Node: a.Way.Node,
		Address: a.Way.Address.String(), Namespace: a.Way.Namespace, Service: a.Way.Service,
		NodePort: a.Way.NodePort, Port: a.Way.Port, PortName: a.Way.PortName, Endpoint: addressOf(a.Endpoint.Address), Pod: a.Endpoint.Pod, Tries: a.Tries,
		Sent: a.Sent, Received: a.Received, DialMS: milliseconds(a.Dial), MS: milliseconds(a.Duration),
	}
	if a.Err != nil {
		record.Error = a.Err.Error()
	}
	return record
}

func accessText(a *engine.Access, g Glyphs) string {
	hops := []string{
		a.Client.String(),
		strings.TrimSpace(a.Way.Node + " " + a.Way.Address.String()),
		fmt.Sprintf("%s/%s:%d", a.Way.Namespace, a.Way.Service, a.Way.Port),
		cmp.Or(strings.TrimSpace(a.Endpoint.Pod+" "+addressOf(a.Endpoint.Address)), "no endpoint"),
	}
	text := fmt.Sprintf("%s %s %s, %d bytes sent, %d received, %s",
		a.Started.Format(time.RFC3339), a.Way.Protocol, strings.Join(hops, " "+g.Arrow+" "),
		a.Sent, a.Received, a.Duration.Round(time.Millisecond/10))
	if a.Err != nil {
		text += ": " + a.Err.Error()
	}
	return text
}

// addressOf is empty for an endpoint that was not found.
func addressOf(address netip.AddrPort) string {
	if !address.IsValid() {
		return ""
	}
	return address.String()
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
