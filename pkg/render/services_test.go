package render

import (
	"bytes"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

func TestServices(t *testing.T) {
	external := func(n route.Node, ip string) route.Node {
		address := node("", ip).Addresses[0]
		address.Type = "ExternalIP"
		n.Addresses = append([]route.Address{address}, n.Addresses...)
		return n
	}
	wide := ServicesOptions{TableOptions: TableOptions{Wide: true}}
	markdown := ServicesOptions{TableOptions: TableOptions{Markdown: true}}
	dns := web(func(s *route.Service) {
		s.Name = "dns"
		s.Ports = []route.Port{
			{Name: "dns", Protocol: "UDP", NodePort: 30053, Port: 53, Target: "dns", Endpoints: []route.Endpoint{endpoint("10.2.1.9:53", "node-a")}},
			{Name: "dns-tcp", Protocol: "TCP", NodePort: 30053, Port: 53, Target: "dns", Endpoints: []route.Endpoint{endpoint("10.2.1.9:53", "node-a")}},
			{Name: "sig", Protocol: "SCTP", NodePort: 30905, Port: 2905, Target: "2905"},
		}
	})
	for _, test := range []struct {
		golden   string
		table    *route.Table
		options  ServicesOptions
		overlong bool // too long for 80 columns
	}{
		{golden: "plain", table: tableOf(twoNodes(), web())},
		{golden: "no-headers", table: tableOf(twoNodes(), web()), options: ServicesOptions{TableOptions: TableOptions{NoHeaders: true}}},
		{golden: "namespaces", table: tableOf(twoNodes(), web()), options: ServicesOptions{Namespaces: true}, overlong: true},
		{golden: "wide", table: tableOf([]route.Node{external(node("node-a", "10.1.11.4"), "192.0.2.4"), node("node-b", "10.1.11.5")}, web()), options: wide, overlong: true},
		{golden: "wide-local", table: tableOf(twoNodes(), web(local, dualStack)), options: wide, overlong: true},
		{golden: "markdown", table: tableOf(twoNodes(), web(), web(func(s *route.Service) { s.Name = "a|b" })), options: markdown, overlong: true},
		{golden: "ascii", table: tableOf(twoNodes(), web()), options: ServicesOptions{Glyphs: ASCII()}},
		{golden: "several-services", table: tableOf(twoNodes(), dns, web()), overlong: true},
		{golden: "many-nodes", table: tableOf(manyNodes(100), web())},
		{golden: "many-nodes-some-not-ready", table: tableOf(manyNodes(100, 1, 50, 60), web())},
		{golden: "many-nodes-all-not-ready", table: tableOf([]route.Node{down("node-a", "10.1.11.4"), down("node-b", "10.1.11.5"), down("node-c", "10.1.11.6"), down("node-d", "10.1.11.7")}, web()), overlong: true},
		{golden: "many-nodes-of-which-two-answer", table: tableOf(append(twoNodes(), manyNodes(98)...), web(local)), overlong: true},
		{golden: "many-nodes-local-some-not-ready", table: tableOf(append(twoNodes(), manyNodes(98, 7)...), web(local)), overlong: true},
		{golden: "not-ready-node", table: tableOf([]route.Node{node("node-a", "10.1.11.4"), down("node-b", "10.1.11.5")}, web()), overlong: true},
		{golden: "local-policy", table: tableOf(append(twoNodes(), node("node-c", "10.1.11.6")), web(local)), overlong: true},
		{golden: "no-endpoints", table: tableOf(twoNodes(), web(noEndpoints))},
		{golden: "no-ready-endpoint", table: tableOf(twoNodes(), web(notReady))},
		{golden: "nodes-not-known", table: tableOf(nil, web()), options: ServicesOptions{NoNodes: true}},
		{golden: "endpoints-not-known", table: unknown(tableOf(append(twoNodes(), down("node-c", "10.1.11.6")), web(noEndpoints))), options: ServicesOptions{NoEndpoints: true}, overlong: true},
		{golden: "nothing-known", table: unknown(tableOf(nil, web(noEndpoints))), options: ServicesOptions{NoNodes: true, NoEndpoints: true}},
		{golden: "no-nodes", table: tableOf(nil, web())},
		{golden: "automatic-node-port", table: tableOf(twoNodes(), web(port(func(p *route.Port) { p.NodePort = 0 })))},
		{golden: "automatic-node-port-no-nodes", table: tableOf(nil, web(port(func(p *route.Port) { p.NodePort = 0 })))},
		{golden: "dual-stack", table: tableOf([]route.Node{node("node-a", "10.1.11.4", "fd00:1::4")}, web(dualStack))},
		{golden: "dual-stack-one-answers", table: tableOf([]route.Node{node("node-a", "10.1.11.4", "fd00:1::4")}, web(func(s *route.Service) { s.ClusterIPs = dualIPs() })), overlong: true},
		{golden: "dual-stack-none-answers", table: tableOf([]route.Node{node("node-a", "10.1.11.4", "fd00:1::4")}, web(notReady, func(s *route.Service) { s.ClusterIPs = dualIPs() })), overlong: true},
		{golden: "best-address-of-each-node", table: tableOf([]route.Node{external(node("node-a", "10.1.11.4", "10.9.9.9"), "192.0.2.4"), node("node-b", "10.1.11.5", "10.9.9.8")}, web())},
		{golden: "two-ports", table: tableOf(twoNodes()[:1], web(func(s *route.Service) {
			s.Ports = append(s.Ports, route.Port{Name: "admin", Protocol: "TCP", NodePort: 30034, Port: 83, Target: "admin"})
		})), overlong: true},
		{golden: "ipv6-no-node", table: tableOf(twoNodes(), web(func(s *route.Service) { s.ClusterIPs = dualIPs()[1:] })), overlong: true},
		{golden: "headless", table: tableOf(twoNodes(), web(func(s *route.Service) { s.ClusterIPs, s.Ignored = nil, "headless" }))},
		{golden: "automatic-node-port-not-ready", table: tableOf([]route.Node{down("node-a", "10.1.11.4")}, web(port(func(p *route.Port) { p.NodePort = 0 })))},
		{golden: "local-policy-endpoints-nowhere", table: tableOf([]route.Node{node("node-c", "10.1.11.6")}, web(local)), overlong: true},
		{golden: "no-endpoints-many-nodes", table: tableOf(manyNodes(100, 3, 50), web(noEndpoints))},
		{golden: "no-family", table: tableOf(twoNodes(), web(func(s *route.Service) { s.ClusterIPs = nil }))},
		{golden: "ignored", table: tableOf(twoNodes(), web(func(s *route.Service) { s.Ignored = "left to service proxy mine" })), overlong: true},
		{golden: "control-characters", table: tableOf([]route.Node{node("node\x1b[2J-a", "10.1.11.4")}, web(func(s *route.Service) { s.Name = "we\nb\t\x1b[31m" })), overlong: true},
		{golden: "nothing", table: tableOf(nil)},
	} {
		t.Run(test.golden, func(t *testing.T) {
			if test.options.Glyphs == (Glyphs{}) {
				test.options.Glyphs = Unicode()
			}
			var out bytes.Buffer
			checkError(t, Services(&out, test.table, test.options))
			golden(t, "services/"+test.golden+".txt", out.String())
			if !test.overlong {
				checkFits(t, out.String())
			}
		})
	}
}
