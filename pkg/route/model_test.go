package route

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// These tests ask the routing model about random tables and compare its answer
// with that of model, which is written another way: it asks of each endpoint by
// itself whether it may be used, and decides by counting.

// model says what a client outside meets, as told writes a verdict.
func model(node *Node, service *Service, port *Port, family Family) string {
	has := slices.ContainsFunc(service.ClusterIPs, func(ip netip.Addr) bool { return ip.Is4() == (family == IPv4) })
	switch {
	case service.Ignored != "":
		return "closed: " + service.Ignored
	case !has:
		return fmt.Sprintf("closed: service has no IPv%d", family)
	}
	count := map[string]int{}
	for _, e := range port.Endpoints {
		if e.Address.Addr().Is4() != (family == IPv4) {
			continue
		}
		count["all"]++
		here := "elsewhere"
		if e.Node == node.Name {
			here = "here"
		}
		switch {
		case e.Ready:
			count["ready"]++
			count["ready "+here]++
			if len(e.ForNodes) > 0 {
				count["ready with node hint"]++
			}
			if len(e.ForZones) > 0 {
				count["ready with zone hint"]++
			}
			if slices.Contains(e.ForNodes, node.Name) {
				count["ready for this node"]++
			}
			if slices.Contains(e.ForZones, node.Zone) {
				count["ready for this zone"]++
			}
		case e.Serving && e.Terminating:
			count["going"]++
			count["going "+here]++
		}
	}
	byNode := count["ready with node hint"] == count["ready"] && count["ready for this node"] > 0
	byZone := count["ready with zone hint"] == count["ready"] && count["ready for this zone"] > 0
	used := ""
	for _, e := range port.Endpoints {
		going := !e.Ready && e.Serving && e.Terminating
		var use bool
		if service.ExternalLocal {
			use = e.Node == node.Name && (e.Ready || going && count["ready here"] == 0)
		} else {
			use = going && count["ready"] == 0 ||
				e.Ready && byNode && slices.Contains(e.ForNodes, node.Name) ||
				e.Ready && !byNode && byZone && slices.Contains(e.ForZones, node.Zone) ||
				e.Ready && !byNode && !byZone
		}
		if use && e.Address.Addr().Is4() == (family == IPv4) {
			used += " " + e.Address.String()
		}
	}
	switch {
	case used != "":
		return "forward" + used
	case service.ExternalLocal && count["ready"]+count["going"] > 0:
		return "drop: no endpoint on this node"
	case count["all"] == 0:
		return "refuse: no endpoints"
	}
	return "refuse: no ready endpoint"
}

// randomTable has four nodes in two zones or none, and a service with up to
// six endpoints in random states, on random nodes, with hints now and then.
func randomTable(r *rand.Rand) *Table {
	names, zones := []string{"a", "b", "c", "d"}, []string{"1", "2"}
	some := func(of []string) (chosen []string) {
		for _, s := range of {
			if r.IntN(2) == 0 {
				chosen = append(chosen, s)
			}
		}
		return chosen
	}
	table := &Table{Services: []Service{{
		Namespace: "shop", Name: "web", ExternalLocal: r.IntN(2) == 0,
		ClusterIPs: [][]netip.Addr{
			{netip.MustParseAddr("10.3.11.5")},
			{netip.MustParseAddr("fd00::5")},
			{netip.MustParseAddr("10.3.11.5"), netip.MustParseAddr("fd00::5")},
		}[r.IntN(3)],
		Ignored: []string{"", "", "", "", "", "", "", "headless"}[r.IntN(8)],
		Ports:   []Port{{NodePort: 30033}},
	}}}
	for i, name := range names {
		table.Nodes = append(table.Nodes, Node{
			Name: name, Zone: []string{"1", "2", ""}[r.IntN(3)],
			Addresses: []Address{
				newAddress(fmt.Sprintf("10.1.11.%d", i)), newAddress(fmt.Sprintf("fd00::1:%d", i)),
			},
		})
	}
	port := &table.Services[0].Ports[0]
	nodeHints, zoneHints := r.IntN(2) == 0, r.IntN(2) == 0
	for i := range r.IntN(7) {
		address := []string{"10.2.1.%d", "fd00:2::%d"}[r.IntN(2)]
		endpoint := Endpoint{
			Address: netip.AddrPortFrom(netip.MustParseAddr(fmt.Sprintf(address, i)), 300),
			Node:    append(names, "", "gone")[r.IntN(6)],
			Ready:   r.IntN(2) == 0, Serving: r.IntN(2) == 0, Terminating: r.IntN(2) == 0,
		}
		if nodeHints && r.IntN(8) > 0 {
			endpoint.ForNodes = some(names)
		}
		if zoneHints && r.IntN(8) > 0 {
			endpoint.ForZones = some(zones)
		}
		port.Endpoints = append(port.Endpoints, endpoint)
	}
	return table
}

func newAddress(ip string) Address { return Address{Host: ip, IP: netip.MustParseAddr(ip)} }

func TestVerdictsAreThoseOfAnIndependentModel(t *testing.T) {
	seen := map[Action]int{}
	for seed := range uint64(3_000) {
		table := randomTable(rand.New(rand.NewPCG(seed, 1)))
		service, port := &table.Services[0], &table.Services[0].Ports[0]
		for i := range table.Nodes {
			for _, family := range []Family{IPv4, IPv6} {
				verdict := table.FromOutside(&table.Nodes[i], service, port, family)
				seen[verdict.Action]++
				if got, want := told(verdict), model(&table.Nodes[i], service, port, family); got != want {
					t.Fatalf("seed %d, %s at node %+v: got %q, want %q\n%+v", seed, family, table.Nodes[i], got, want, *service)
				}
			}
		}
	}
	for _, action := range []Action{Forward, Refuse, Drop, Closed} {
		if seen[action] < 500 {
			t.Errorf("only %d verdicts are %s", seen[action], action)
		}
	}
}

func TestRoutesRememberNoVerdictThatDiffers(t *testing.T) {
	for seed := range uint64(3_000) {
		table := randomTable(rand.New(rand.NewPCG(seed, 2)))
		service, port := &table.Services[0], &table.Services[0].Ports[0]
		ways := 0
		for way := range table.Routes(service, port) {
			ways++
			want := table.FromOutside(way.Node, service, port, FamilyOf(way.Address.IP))
			if diff := cmp.Diff(&want, way.Verdict, cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d, node %s (-want +got):\n%s", seed, way.Node.Name, diff)
			}
		}
		if want := len(table.Nodes) * len(service.ClusterIPs); ways != want {
			t.Fatalf("seed %d: %d ways, want %d", seed, ways, want)
		}
	}
}

func TestVerdictsLeaveTheTableAsItIs(t *testing.T) {
	for seed := range uint64(500) {
		table, same := randomTable(rand.New(rand.NewPCG(seed, 3))), randomTable(rand.New(rand.NewPCG(seed, 3)))
		service, port := &table.Services[0], &table.Services[0].Ports[0]
		for range table.Routes(service, port) {
		}
		comparable := cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{})
		if diff := cmp.Diff(same, table, comparable); diff != "" {
			t.Fatalf("seed %d (-before +after):\n%s", seed, diff)
		}
	}
}
