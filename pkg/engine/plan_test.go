package engine

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// written writes what a plan asks for, to compare two.
func written(p *plan) string {
	var b strings.Builder
	for _, binding := range p.order {
		fmt.Fprintln(&b, binding.way, binding.verdict, binding.affinity, binding.health)
	}
	for _, clash := range p.clashes {
		fmt.Fprintln(&b, "clash", clash.way)
	}
	return b.String()
}

// randomTable makes a table that is likely to resemble the next one.
func randomTable(r *rand.Rand) *route.Table {
	table := &route.Table{Nodes: []route.Node{nodeAt("node-1", "127.0.0.1", "::1"), nodeAt("node-2", "127.0.0.2")}}
	if r.IntN(8) == 0 {
		table.Nodes = table.Nodes[:1]
	}
	for i := range 4 {
		if r.IntN(8) == 0 {
			continue
		}
		service := route.Service{
			Namespace: "docs", Name: fmt.Sprint("web-", i), Type: "NodePort", ExternalLocal: r.IntN(8) == 0,
			ClusterIPs: []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 1, byte(i)})},
		}
		if r.IntN(8) == 0 {
			service.HealthCheckNodePort = 32000
		}
		for j := range 1 + r.IntN(2) {
			port := route.Port{Name: fmt.Sprint("p", j), Protocol: "TCP", NodePort: uint16(30000 + r.IntN(6)), Port: uint16(80 + j)}
			for k := range r.IntN(4) {
				port.Endpoints = append(port.Endpoints, route.Endpoint{
					Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, byte(k), 1}), 300),
					Node:    fmt.Sprint("node-", 1+r.IntN(2)), Ready: r.IntN(4) > 0, Serving: true,
				})
			}
			service.Ports = append(service.Ports, port)
		}
		table.Services = append(table.Services, service)
	}
	return table
}

// replace gives a service the contents that it has in another table: no two of
// a table have the same name.
func replace(service *route.Service, from *route.Table) {
	if other := from.Service(service.Namespace, service.Name); other != nil {
		*service = *other
	}
}

// FuzzPlan goes from table to table. However it got there, a plan asks for what
// it would if it were the first; and a binding is the one of before exactly
// when it asks for the same.
func FuzzPlan(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Add(uint64(228))
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		now := &plan{}
		table := randomTable(r)
		for range 30 {
			if r.IntN(2) == 0 { // one service changes, the others stay in place
				other := randomTable(r)
				table = &route.Table{Nodes: table.Nodes, Services: slices.Clone(table.Services)}
				if i := r.IntN(4); i < len(table.Services) {
					replace(&table.Services[i], other)
				}
			} else {
				table = randomTable(r)
			}
			before := now
			now = newPlan(table, true, before)
			if got, want := written(now), written(newPlan(table, true, &plan{})); got != want {
				t.Fatalf("planned\n%s\nwant\n%s", got, want)
			}
			for at, b := range now.bindings {
				if old := before.bindings[at]; old != nil && old != b && old.same(b) {
					t.Fatalf("the binding of %v was made anew", at)
				}
			}
		}
	})
}

func TestAnUnchangedServiceIsTakenOver(t *testing.T) {
	table := manyServices(3, 2)
	before := newPlan(table, false, &plan{})
	if newPlan(&route.Table{Nodes: slices.Clone(table.Nodes), Services: slices.Clone(table.Services)}, false, before) != before {
		t.Error("a table with the same contents is planned anew")
	}
	other := &route.Table{Nodes: slices.Clone(table.Nodes), Services: slices.Clone(table.Services)}
	other.Services[1].Ports = slices.Clone(other.Services[1].Ports)
	other.Services[1].Ports[0].Endpoints = other.Services[1].Ports[0].Endpoints[:1]
	after := newPlan(other, false, before)
	for i, b := range after.order {
		if taken := b == before.order[i]; taken != (b.way.Service != table.Services[1].Name) {
			t.Errorf("%v taken over: %v", b.way, taken)
		}
	}
}

func TestAPodThatTookTheNameAndTheAddressOfAnotherIsAnother(t *testing.T) {
	table := manyServices(1, 1)
	before := newPlan(table, false, &plan{})
	other := manyServices(1, 1)
	other.Services[0].Ports[0].Endpoints[0].PodUID = "new"
	for i, b := range newPlan(other, false, before).order {
		if b == before.order[i] || b.verdict.Endpoints[0].PodUID != "new" {
			t.Errorf("%v still leads to the pod that is gone", b.way)
		}
	}
}

func TestAClashNamesTheNodeWhereThereIsOne(t *testing.T) {
	holder := Way{Namespace: "docs", Service: "web", Address: netip.MustParseAddrPort("127.0.0.1:8080")}
	for node, want := range map[string]string{
		"":   "127.0.0.1:8080 is already that of service docs/web",
		"n1": "127.0.0.1:8080 is already that of service docs/web on node n1",
	} {
		holder.Node = node
		if got := (&ClashError{holder}).Error(); got != want {
			t.Errorf("node %q: %q, want %q", node, got, want)
		}
	}
}

// manyServices makes a table of a large cluster.
func manyServices(services, endpoints int) *route.Table {
	table := &route.Table{Nodes: []route.Node{nodeAt("node-1", "127.0.0.1"), nodeAt("node-2", "127.0.0.2"), nodeAt("node-3", "127.0.0.3")}}
	for i := range services {
		service := web(uint16(30000 + i))
		service.Name = fmt.Sprintf("web-%04d", i)
		port := &service.Ports[0]
		for j := range endpoints {
			port.Endpoints = append(port.Endpoints, route.Endpoint{
				Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), byte(j)}), 300),
				Pod:     fmt.Sprint("web-", j), Node: "node-1", Ready: true, Serving: true,
			})
		}
		table.Services = append(table.Services, service)
	}
	return table
}

// BenchmarkPlan is the cost of a change of one service's endpoints.
func BenchmarkPlan(b *testing.B) {
	for _, services := range []int{1, 10, 100, 2500} {
		for _, fresh := range []bool{false, true} {
			name := fmt.Sprintf("%d services of 250 endpoints", services)
			if fresh {
				name += " in new memory"
			}
			b.Run(name, func(b *testing.B) {
				table := manyServices(services, 250)
				tables := []*route.Table{changed(table, fresh), changed(table, fresh)}
				e := New(Options{})
				defer e.cut()
				e.planned = newPlan(table, false, &plan{})
				for _, binding := range e.planned.order {
					e.ports[binding.socket()] = &port{binding: binding, server: noServer{}}
				}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					e.Execute(tables[i%2])
				}
			})
		}
	}
}

// changed returns a table in which one service has another number of
// endpoints than in the last; fresh copies all the others.
func changed(table *route.Table, fresh bool) *route.Table {
	other := &route.Table{Nodes: table.Nodes, Services: slices.Clone(table.Services)}
	for i := range other.Services {
		if !fresh && i > 0 {
			break
		}
		other.Services[i].Ports = slices.Clone(other.Services[i].Ports)
		other.Services[i].Ports[0].Endpoints = slices.Clone(other.Services[i].Ports[0].Endpoints)
	}
	table.Services[0].Ports[0].Endpoints = table.Services[0].Ports[0].Endpoints[1:]
	return other
}

// noServer is a server that is not there.
type noServer struct{}

func (noServer) update(*binding) {}
func (noServer) close()          {}
