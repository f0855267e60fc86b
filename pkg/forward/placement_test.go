package forward

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// shop is a cluster of three nodes with one service.
func shop(changes ...func(*route.Service)) *route.Table {
	service := route.Service{
		Namespace: "shop", Name: "web", Type: "NodePort",
		ClusterIPs: []netip.Addr{netip.MustParseAddr("10.3.11.5")},
		Ports: []route.Port{{
			Name: "http", Protocol: "TCP", NodePort: 30033, Port: 82, Target: "300", Scheme: "http",
			Endpoints: []route.Endpoint{
				endpoint("10.2.1.7:300", "n1", "web-1"), endpoint("10.2.2.8:300", "n2", "web-2"),
			},
		}},
	}
	for _, change := range changes {
		change(&service)
	}
	table := &route.Table{Services: []route.Service{service}}
	for i, name := range []string{"n1", "n2", "n3"} {
		ip := netip.AddrFrom4([4]byte{10, 1, 11, byte(4 + i)})
		table.Nodes = append(table.Nodes, route.Node{Name: name, Addresses: []route.Address{address(ip)}})
	}
	return table
}

func endpoint(address, node, pod string) route.Endpoint {
	return route.Endpoint{Address: netip.MustParseAddrPort(address), Node: node, Pod: pod, Ready: true, Serving: true}
}

func externalLocal(s *route.Service) { s.ExternalLocal = true; s.HealthCheckNodePort = 30100 }

func TestPlacement(t *testing.T) {
	own := []netip.Addr{netip.MustParseAddr("192.168.0.7")}
	for _, test := range []struct {
		name    string
		place   Placement
		service func(*route.Service)
		want    []string
	}{
		{
			name: "all nodes are one, on this machine's loopback address",
			want: []string{" 127.0.0.1:30033 forward to 2"},
		}, {
			name:    "which leads to every endpoint, whatever the traffic policy",
			service: externalLocal,
			want:    []string{" 127.0.0.1:30033 forward to 2"},
		}, {
			name:    "a dual-stack service is opened on both loopback addresses",
			service: func(s *route.Service) { s.ClusterIPs = append(s.ClusterIPs, netip.MustParseAddr("fd00::5")) },
			want:    []string{" 127.0.0.1:30033 forward to 2", " [::1]:30033 refuse to 0"},
		}, {
			name:  "or on the addresses that were asked for",
			place: Placement{Addresses: own},
			want:  []string{" 192.168.0.7:30033 forward to 2"},
		}, {
			name:    "to stand for a node is to have its view of the traffic policy",
			place:   Placement{Addresses: own, Node: "n1"},
			service: externalLocal,
			want:    []string{"n1 192.168.0.7:30033 forward to 1"},
		}, {
			name:    "also when that is to drop",
			place:   Placement{Node: "n3"},
			service: externalLocal,
			want:    []string{"n3 127.0.0.1:30033 drop to 0"},
		}, {
			name:    "every node can have an address of its own",
			place:   Placement{PerNode: true},
			service: externalLocal,
			want: []string{
				"n1 127.0.0.1:30033 forward to 1", "n2 127.0.0.2:30033 forward to 1", "n3 127.0.0.3:30033 drop to 0",
			},
		}, {
			name:  "an offset moves every port",
			place: Placement{Offset: 1000},
			want:  []string{" 127.0.0.1:31033 forward to 2"},
		}, {
			name:  "a port that is given a number has that",
			place: Placement{Offset: 1000, Ports: map[uint16]uint16{30033: 8080}},
			want:  []string{" 127.0.0.1:8080 forward to 2"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.service == nil {
				test.service = func(*route.Service) {}
			}
			table, err := test.place.Table(shop(test.service))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, ways(table)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// ways writes what a client meets at each address.
func ways(table *route.Table) []string {
	var ways []string
	for i := range table.Services {
		service := &table.Services[i]
		for j := range service.Ports {
			port := &service.Ports[j]
			for r := range table.Routes(service, port) {
				ways = append(ways, fmt.Sprintf("%s %s %s to %d",
					r.Node.Name, r.Address.HostPort(port.OpenedPort()), r.Verdict.Action, len(r.Verdict.Endpoints)))
			}
		}
	}
	return ways
}

func TestPlacementThatCannotBe(t *testing.T) {
	for _, test := range []struct {
		name  string
		place Placement
		table *route.Table
		want  string
	}{
		{
			name: "a node that is not there", place: Placement{Node: "n9"}, table: shop(),
			want: `node "n9" not found; kubectl get nodes lists them`,
		}, {
			name: "nodes that may not be read", place: Placement{PerNode: true}, table: &route.Table{},
			want: "the nodes are not known; leave out --nodes",
		}, {
			name: "an offset beyond the last port", place: Placement{Offset: 40_000}, table: shop(),
			want: "node port 30033 with an offset of 40000 is 70033, which is no port",
		}, {
			name: "or before the first", place: Placement{Offset: -30_033}, table: shop(),
			want: "node port 30033 with an offset of -30033 is 0, which is no port",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := test.place.Table(test.table); err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestANodeThatComesLaterTakesNoOthersAddress(t *testing.T) {
	place := Placement{PerNode: true}
	table := shop()
	all := table.Nodes
	table.Nodes = all[1:]
	if _, err := place.Table(table); err != nil {
		t.Fatal(err)
	}
	table.Nodes = all
	placed, err := place.Table(table)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, node := range placed.Nodes {
		got = append(got, node.Name+" "+node.Addresses[0].Host)
	}
	if want := []string{"n1 127.0.0.3", "n2 127.0.0.1", "n3 127.0.0.2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestPlacementLeavesTheClustersTableAlone(t *testing.T) {
	table := shop(externalLocal, func(s *route.Service) { s.Affinity = time.Minute })
	place := Placement{Offset: 5}
	if _, err := place.Table(table); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shop(externalLocal, func(s *route.Service) { s.Affinity = time.Minute }), table,
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
