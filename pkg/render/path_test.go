package render

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

func TestPath(t *testing.T) {
	for _, test := range []struct {
		name  string
		table *route.Table
		want  string
	}{
		{
			name:  "through all three ports",
			table: tableOf(twoNodes(), web()),
			want:  "client → node 10.1.11.4:30033 → service 10.3.11.5:82 → pod 10.2.1.7:300",
		}, {
			name:  "by the first node that answers",
			table: tableOf([]route.Node{down("node-a", "10.1.11.4"), node("node-b", "10.1.11.5")}, web()),
			want:  "client → node 10.1.11.5:30033 → service 10.3.11.5:82 → pod 10.2.1.7:300",
		}, {
			name:  "to the pod on that node under policy Local",
			table: tableOf([]route.Node{node("node-b", "10.1.11.5")}, web(local)),
			want:  "client → node 10.1.11.5:30033 → service 10.3.11.5:82 → pod 10.2.2.8:300",
		}, {
			name: "IPv6 in brackets",
			table: tableOf([]route.Node{node("node-a", "fd00:1::4")}, web(dualStack, func(s *route.Service) {
				s.ClusterIPs = dualIPs()[1:]
			})),
			want: "client → node [fd00:1::4]:30033 → service [fd00::5]:82 → pod [fd00:2::7]:300",
		}, {
			name:  "ends where no pod is ready",
			table: tableOf(twoNodes(), web(notReady)),
			want:  "client → node 10.1.11.4:30033 → service 10.3.11.5:82 → ✗ no ready endpoint",
		}, {
			name:  "ends where no node is ready",
			table: tableOf([]route.Node{down("node-a", "10.1.11.4")}, web()),
			want:  "client → node 10.1.11.4:30033 → service 10.3.11.5:82 → ✗ NotReady",
		}, {
			name:  "without nodes it names none",
			table: tableOf(nil, web()),
			want:  "client → node <node>:30033 → service 10.3.11.5:82 → pod :300",
		}, {
			name:  "with endpoints that could not be read",
			table: unknown(tableOf(twoNodes(), web(noEndpoints))),
			want:  "client → node 10.1.11.4:30033 → service 10.3.11.5:82 → pod :300",
		}, {
			name:  "with a node port that is still to be chosen",
			table: tableOf(twoNodes(), web(port(func(p *route.Port) { p.NodePort = 0 }))),
			want:  "client → node 10.1.11.4:<auto> → service 10.3.11.5:82 → pod 10.2.1.7:300",
		}, {
			name:  "with a target's name and no cluster IP",
			table: tableOf(nil, web(noEndpoints, func(s *route.Service) { s.ClusterIPs = nil; s.Ports[0].Target = "http" })),
			want:  "client → node <node>:30033 → service :82 → pod :http",
		}, {
			name:  "and nothing in it controls the terminal",
			table: tableOf(nil, web(noEndpoints, func(s *route.Service) { s.Ports[0].Target = "\x1b[2J" })),
			want:  `client → node <node>:30033 → service 10.3.11.5:82 → pod :\u001b[2J`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			service := &test.table.Services[0]
			got := Path(test.table, service, &service.Ports[0], Unicode())
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPathInASCII(t *testing.T) {
	for want, service := range map[string]route.Service{
		"client -> node 10.1.11.4:30033 -> service 10.3.11.5:82 -> pod 10.2.1.7:300": web(),
		"client -> node 10.1.11.4:30033 -> service 10.3.11.5:82 -> x no endpoints":   web(noEndpoints),
	} {
		table := tableOf(twoNodes(), service)
		if got := Path(table, &table.Services[0], &table.Services[0].Ports[0], ASCII()); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
