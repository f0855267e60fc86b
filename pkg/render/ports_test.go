package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

// holding is a service that holds node ports.
func holding(name string, nodePorts ...int32) *corev1.Service {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort}}
	for i, port := range nodePorts {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Port: int32(80 + i), NodePort: port})
	}
	return s
}

// heldPorts is a range in which two services and pods of a DaemonSet are.
func heldPorts(r nodeport.Range, positions bool) *Ports {
	first := r.OrDefault().First
	l := nodeport.NewLedger(r, []*corev1.Service{holding("web", first+3, first+4), holding("api", first+10)})
	spec := &corev1.PodSpec{Containers: []corev1.Container{{Ports: []corev1.ContainerPort{{HostPort: first + 10}, {HostPort: first + 12}}}}}
	for range 2 {
		l.Open(nodeport.Host{Kind: "DaemonSet", Namespace: "edge", Name: "ingress", Pods: 1}, spec)
	}
	at := func(_, _, name, field string) string {
		if !positions {
			return ""
		}
		return fmt.Sprintf("%s.yaml:%d:1", name, len(field))
	}
	return &Ports{Range: l.Range, Uses: PortUses(l, at)}
}

func crowded() *Ports {
	var all []*corev1.Service
	for i := range int32(86) {
		all = append(all, holding(fmt.Sprintf("s%d", i), 30000+i))
	}
	for i := range int32(400) {
		all = append(all, holding(fmt.Sprintf("d%d", i), 30086+i*i%2682))
	}
	l := nodeport.NewLedger(nodeport.Range{}, all)
	return &Ports{Range: l.Range, Uses: PortUses(l, func(string, string, string, string) string { return "" })}
}

func TestPortMap(t *testing.T) {
	wide := nodeport.Range{First: 20000, Last: 32767}
	small := nodeport.Range{First: 30000, Last: 30015}
	for _, test := range []struct {
		golden string
		ports  *Ports
		o      MapOptions
	}{
		{"map-80", heldPorts(nodeport.Range{}, false), MapOptions{Glyphs: Unicode(), Width: 80}},
		{"map-40", heldPorts(nodeport.Range{}, false), MapOptions{Glyphs: Unicode(), Width: 40}},
		{"map-200", heldPorts(nodeport.Range{}, false), MapOptions{Glyphs: Unicode(), Width: 200}},
		{"map-20", heldPorts(nodeport.Range{}, false), MapOptions{Glyphs: Unicode(), Width: 20}},
		{"map-ascii", heldPorts(nodeport.Range{}, false), MapOptions{Glyphs: ASCII(), Width: 80}},
		{"map-color", heldPorts(nodeport.Range{}, false), MapOptions{Glyphs: Unicode(), Width: 80, Color: true}},
		{"map-crowded", crowded(), MapOptions{Glyphs: Unicode(), Width: 80}},
		{"map-wide-range", heldPorts(wide, false), MapOptions{Glyphs: Unicode(), Width: 80}},
		{"map-small-range", heldPorts(small, false), MapOptions{Glyphs: Unicode(), Width: 80}},
		{"map-empty", &Ports{Range: nodeport.Default()}, MapOptions{Glyphs: Unicode(), Width: 80}},
	} {
		t.Run(test.golden, func(t *testing.T) {
			var out bytes.Buffer
			checkError(t, PortMap(&out, test.ports, test.o))
			golden(t, "ports/"+test.golden, out.String())
			for line := range strings.Lines(out.String()) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > test.o.Width && !test.o.Color {
					t.Errorf("%d columns: %s", n, line)
				}
			}
		})
	}
}

func TestPortTable(t *testing.T) {
	for _, test := range []struct {
		golden string
		ports  *Ports
		o      PortsOptions
	}{
		{"table", heldPorts(nodeport.Range{}, false), PortsOptions{Glyphs: Unicode()}},
		{"table-ascii", heldPorts(nodeport.Range{}, false), PortsOptions{Glyphs: ASCII()}},
		{"table-wide", heldPorts(nodeport.Range{}, false), PortsOptions{Glyphs: Unicode(), TableOptions: TableOptions{Wide: true}}},
		{"table-files", heldPorts(nodeport.Range{}, true), PortsOptions{Glyphs: Unicode()}},
	} {
		t.Run(test.golden, func(t *testing.T) {
			var out bytes.Buffer
			checkError(t, PortTable(&out, test.ports.Uses, test.o))
			golden(t, "ports/"+test.golden, out.String())
		})
	}
}

func TestUsesOfSeveralEnvironmentsAreListedOnce(t *testing.T) {
	web := PortUse{Port: 30033, Kind: "Service", Namespace: "shop", Name: "web", For: "node port", At: "web.yaml:1:1"}
	colliding, api := web, web
	colliding.Collides, api.Name = true, "api"
	joined := JoinPortUses([]PortUse{web}, []PortUse{colliding, api})
	if len(joined) != 2 || joined[0] != api || joined[1] != colliding {
		t.Errorf("joined are %+v", joined)
	}
}

func TestNamesInSentencesControlNoTerminal(t *testing.T) {
	use := PortUse{Kind: "Service", Namespace: "shop", Name: "web\x1b[2J", ServicePort: "http", Protocol: "TCP"}
	if got := use.String(); strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}
