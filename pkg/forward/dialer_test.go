package forward

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel"
)

// tunnelsOf notes what it is asked for, and has no tunnel.
type tunnelsOf struct{ dialed, forgotten []string }

var errNoTunnel = errors.New("no tunnel")

func (n *tunnelsOf) DialPod(_ context.Context, pod tunnel.Pod, _ uint16) (*tunnel.Conn, error) {
	n.dialed = append(n.dialed, pod.Name)
	return nil, errNoTunnel
}

func (n *tunnelsOf) Forget(pod tunnel.Pod) { n.forgotten = append(n.forgotten, pod.Name) }

func TestTheWayToAPod(t *testing.T) {
	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	shut, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shut.Close()
	onNode := Vicinity{Own: []netip.Addr{netip.MustParseAddr("10.1.11.4")}}
	for _, test := range []struct {
		name     string
		via      Via
		vicinity Vicinity
		network  string
		address  string
		pod      string
		tunneled bool
		want     string
	}{
		{name: "is a tunnel from a laptop", address: open.Addr().String(), pod: "web-1", tunneled: true, want: "no tunnel"},
		{name: "is its address from a node", vicinity: onNode, address: open.Addr().String(), pod: "web-1"},
		{name: "is a tunnel also there, if the user wants it", via: Tunnel, vicinity: onNode, address: open.Addr().String(), pod: "web-1", tunneled: true, want: "no tunnel"},
		{name: "is its address anywhere, if the user wants it", via: Direct, address: open.Addr().String(), pod: "web-1"},
		{name: "is no tunnel when the pod itself refuses", vicinity: onNode, address: shut.Addr().String(), pod: "web-1", want: "refused"},
		{name: "is none for an address that is no pod's", address: open.Addr().String(), want: "it is no pod"},
		{name: "is none for UDP through the API server", network: "udp", address: open.Addr().String(), pod: "web-1", want: "UDP cannot pass"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tunnels := &tunnelsOf{}
			d := NewDialer(test.via, test.vicinity, tunnels)
			d.Follow(shop())
			network, protocol := "tcp", "TCP"
			if test.network != "" {
				network, protocol = test.network, strings.ToUpper(test.network)
			}
			conn, err := d.Dial(t.Context(), network, &engine.Target{
				Way:      engine.Way{Namespace: "shop", Service: "web", Protocol: protocol},
				Endpoint: route.Endpoint{Address: netip.MustParseAddrPort(test.address), Pod: test.pod},
			})
			if err == nil {
				conn.Close()
			}
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if got := len(tunnels.dialed) > 0; got != test.tunneled {
				t.Errorf("a tunnel was tried: %v, want %v", got, test.tunneled)
			}
		})
	}
}

func TestPodsThatAreGoneAreForgotten(t *testing.T) {
	tunnels := &tunnelsOf{}
	d := NewDialer(Auto, Vicinity{}, tunnels)
	d.Follow(shop())
	d.Follow(shop(func(s *route.Service) { s.Ports[0].Endpoints = s.Ports[0].Endpoints[:1] }))
	if got := strings.Join(tunnels.forgotten, " "); got != "web-2" {
		t.Errorf("forgot %q, want web-2", got)
	}
}

func TestAPodIsNotGoneAsLongAsAServiceLeadsToIt(t *testing.T) {
	tunnels := &tunnelsOf{}
	d := NewDialer(Auto, Vicinity{}, tunnels)
	table, one := shop(), shop().Services[0]
	one.Name = "web-admin"
	table.Services = append(table.Services, one)
	d.Follow(table)
	d.Follow(&route.Table{Services: table.Services[1:]})
	if len(tunnels.forgotten) > 0 {
		t.Errorf("forgot %q of a service that stays", tunnels.forgotten)
	}
	d.Follow(&route.Table{})
	if got := len(tunnels.forgotten); got != 2 {
		t.Errorf("forgot %q, want both pods", tunnels.forgotten)
	}
}

func TestWhatNoApplicationHeardMayBeSaidToAnother(t *testing.T) {
	for kind, want := range map[tunnel.Kind]bool{
		tunnel.Refused: true, tunnel.PodGone: true, tunnel.NodeUnreachable: true, tunnel.Forbidden: true,
		tunnel.Reset: false, tunnel.Lost: false, tunnel.TimedOut: false, tunnel.Failed: false,
	} {
		if got := neverTaken(&tunnel.Error{Kind: kind}); got != want {
			t.Errorf("%s: got %v, want %v", kind, got, want)
		}
	}
	var refusal *engine.RefusedError
	if never := error(&tunnel.Error{Kind: tunnel.Refused}); !errors.As(refused(0, never), &refusal) || errors.As(refused(1, never), &refusal) {
		t.Error("who answered has heard something, and who did not has not")
	}
	if neverTaken(errors.New("another")) || neverTaken(nil) {
		t.Error("an error of somebody else says nothing")
	}
}

func TestParseVia(t *testing.T) {
	for s, want := range map[string]Via{"": Auto, "auto": Auto, "tunnel": Tunnel, "direct": Direct} {
		if got, err := ParseVia(s); err != nil || got != want {
			t.Errorf("%q: got %v, %v", s, got, err)
		}
	}
	if _, err := ParseVia("magic"); err == nil || err.Error() != `--via is auto, tunnel or direct, not "magic"` {
		t.Errorf("got %v", err)
	}
}
