package render

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

func TestOpened(t *testing.T) {
	ready := func(address string) route.Endpoint {
		return route.Endpoint{Address: netip.MustParseAddrPort(address), Ready: true, Serving: true}
	}
	http := route.Port{
		Name: "http", Protocol: "TCP", NodePort: 30033, Port: 82, Scheme: "http",
		Endpoints: []route.Endpoint{ready("10.2.1.7:300"), ready("10.2.2.8:300")},
	}
	dns := route.Port{Name: "dns", Protocol: "UDP", NodePort: 30053, Port: 53, Endpoints: []route.Endpoint{ready("10.2.1.7:53")}}
	none := http
	none.Endpoints = nil
	later := http
	later.NodePort = 0
	v4, v6 := []netip.Addr{netip.MustParseAddr("10.3.11.5")}, []netip.Addr{netip.MustParseAddr("fd00::5")}
	for _, test := range []struct {
		name       string
		service    route.Service
		namespaces bool
		shut       bool
		want       string
	}{
		{name: "an address that a browser takes, and the pods", service: route.Service{ClusterIPs: v4, Ports: []route.Port{http}}, want: "web  http://127.0.0.1:30033 → 2 pods"},
		{
			name: "several ports, one of UDP", namespaces: true, service: route.Service{ClusterIPs: v4, Ports: []route.Port{http, dns}},
			want: "shop/web  http://127.0.0.1:30033 → 2 pods, 127.0.0.1:30053/UDP → 1 pod",
		},
		{name: "an address that another program has", shut: true, service: route.Service{ClusterIPs: v4, Ports: []route.Port{http}}, want: "web  http://127.0.0.1:30033 (not open) → 2 pods"},
		{name: "why nothing answers", service: route.Service{ClusterIPs: v4, Ports: []route.Port{none}}, want: "web  30033/TCP (no endpoints)"},
		{
			name: "why a node with Local is silent", service: route.Service{ClusterIPs: v4, ExternalLocal: true, Ports: []route.Port{http}},
			want: "web  30033/TCP (no endpoint on this node)",
		},
		{name: "a port that is yet to be chosen", service: route.Service{ClusterIPs: v4, Ports: []route.Port{later}}, want: "web  port 82 has no node port"},
		{name: "a service of the other family", service: route.Service{ClusterIPs: v6, Ports: []route.Port{http}}, want: "web  30033/TCP (no address of its IP family here)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.service.Namespace, test.service.Name = "shop", "web"
			ip := netip.MustParseAddr("127.0.0.1")
			table := &route.Table{
				Nodes:    []route.Node{{Addresses: []route.Address{{Host: ip.String(), IP: ip}}}},
				Services: []route.Service{test.service},
			}
			o := OpenedOptions{Glyphs: Unicode(), Namespaces: test.namespaces, Shut: func(string, netip.AddrPort) bool { return test.shut }}
			if got := Opened(table, o); !slices.Equal(got, []string{test.want}) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
