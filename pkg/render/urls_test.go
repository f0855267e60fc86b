package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

func TestURLs(t *testing.T) {
	scheme := func(protocol, scheme string) func(*route.Service) {
		return port(func(p *route.Port) { p.Protocol, p.Scheme = protocol, scheme })
	}
	for _, test := range []struct {
		name  string
		table *route.Table
		want  []string
	}{
		{"each node", tableOf(twoNodes(), web()), []string{"http://10.1.11.4:30033", "http://10.1.11.5:30033"}},
		{"each service and port", tableOf(twoNodes()[:1], web(func(s *route.Service) { s.Ports = append(s.Ports, s.Ports[0]) }), web()), []string{"http://10.1.11.4:30033", "http://10.1.11.4:30033", "http://10.1.11.4:30033"}},
		{"only those that answer", tableOf([]route.Node{down("node-a", "10.1.11.4"), node("node-b", "10.1.11.5")}, web()), []string{"http://10.1.11.5:30033"}},
		{"the best address of a node", tableOf([]route.Node{node("node-a", "192.0.2.4", "10.1.11.4")}, web()), []string{"http://192.0.2.4:30033"}},
		{"one of each family", tableOf([]route.Node{node("node-a", "fd00:1::4", "10.1.11.4", "fd00:1::5")}, web(dualStack)), []string{"http://[fd00:1::4]:30033", "http://10.1.11.4:30033"}},
		{"the protocol where it is not HTTP", tableOf(twoNodes()[:1], web(scheme("TCP", ""))), []string{"tcp://10.1.11.4:30033"}},
		{"UDP", tableOf(twoNodes()[:1], web(scheme("UDP", ""))), []string{"udp://10.1.11.4:30033"}},
		{"SCTP", tableOf(twoNodes()[:1], web(scheme("SCTP", ""))), []string{"sctp://10.1.11.4:30033"}},
		{"HTTPS", tableOf(twoNodes()[:1], web(scheme("TCP", "https"))), []string{"https://10.1.11.4:30033"}},
		{"none without endpoints", tableOf(twoNodes(), web(noEndpoints)), nil},
		{"all nodes where the endpoints could not be read", unknown(tableOf(twoNodes(), web(noEndpoints))), []string{"http://10.1.11.4:30033", "http://10.1.11.5:30033"}},
		{"none without a node port", tableOf(twoNodes(), web(port(func(p *route.Port) { p.NodePort = 0 }))), nil},
		{"none without nodes", tableOf(nil, web()), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, URLs(test.table)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestURLsAreOfAllNodes(t *testing.T) {
	if got := len(URLs(tableOf(manyNodes(100), web()))); got != 100 {
		t.Errorf("got %d, want 100", got)
	}
}
