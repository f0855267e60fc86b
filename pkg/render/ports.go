package render

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

// Ports is a node port range and who has its ports.
type Ports struct {
	Range nodeport.Range
	// Uses are in the order of ports; a port that several have is there several times.
	Uses []PortUse
}

// PortUse is one that has a port.
type PortUse struct {
	Port     int32
	Band     nodeport.Band
	Protocol string
	// Kind, Namespace and Name are those of the service, workload or pod.
	Kind, Namespace, Name string
	// For is what it has the port for: "node port", "health check", "host port"
	// or "host network".
	For string
	// ServicePort is the name of the service's port, or its number; empty when
	// it is not for one.
	ServicePort string
	// Pods is how many pods have it open on their nodes; 0 for services.
	Pods int
	// At is where a manifest gives the port; empty for what a cluster holds.
	At       string
	Collides bool
}

// PortUses lists what a ledger says of its ports. Position tells where a field
// of an object stands in a file.
func PortUses(l *nodeport.Ledger, position func(kind, namespace, name, field string) string) []PortUse {
	var uses []PortUse
	for _, port := range l.Ports() {
		band, collides := l.BandOf(port), l.Collides(port)
		for _, h := range l.Holders[port] {
			uses = append(uses, PortUse{
				Port: port, Band: band, Protocol: string(h.Protocol), Kind: "Service", Namespace: h.Namespace, Name: h.Name,
				For: h.Use.String(), ServicePort: h.Port, At: position("Service", h.Namespace, h.Name, h.Field), Collides: collides,
			})
		}
		for _, h := range l.Hosts[port] {
			what := "host port"
			if h.Network {
				what = "host network"
			}
			uses = append(uses, PortUse{
				Port: port, Band: band, Protocol: string(h.Protocol), Kind: h.Kind, Namespace: h.Namespace, Name: h.Name,
				For: what, Pods: h.Pods, At: position(h.Kind, h.Namespace, h.Name, ""), Collides: collides,
			})
		}
	}
	return uses
}

// JoinPortUses joins lists of uses, each use once; it collides if it does so
// in one of them.
func JoinPortUses(lists ...[]PortUse) []PortUse {
	var joined []PortUse
	places := map[PortUse]int{}
	for _, use := range slices.Concat(lists...) {
		collides := use.Collides
		use.Collides = false
		place, known := places[use]
		if !known {
			place = len(joined)
			places[use] = place
			joined = append(joined, use)
		}
		joined[place].Collides = joined[place].Collides || collides
	}
	slices.SortStableFunc(joined, func(a, b PortUse) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(b.For, a.For), // the node port first
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.At, b.At))
	})
	return joined
}

// Used counts the ports of a band that somebody has.
func (p *Ports) Used(band nodeport.Range) int {
	return len(p.states(band))
}

// states tells of the ports of a band that somebody has whether they collide.
func (p *Ports) states(band nodeport.Range) map[int32]bool {
	states := map[int32]bool{}
	for _, use := range p.Uses {
		if band.Contains(use.Port) {
			states[use.Port] = states[use.Port] || use.Collides
		}
	}
	return states
}

// String names who has the port in a sentence: "service shop/web, port http/TCP".
func (u *PortUse) String() string {
	text := strings.ToLower(u.Kind) + " " + u.Namespace + "/" + u.Name
	switch {
	case u.ServicePort != "":
		text += ", port " + u.ServicePort + "/" + u.Protocol
	case u.Pods > 1:
		text += ", " + u.For + " of " + counted(u.Pods, "pod") + " for " + u.Protocol
	default:
		text += ", " + u.For + " for " + u.Protocol
	}
	return Safe(text)
}

// PortsOptions say how ports are listed.
type PortsOptions struct {
	TableOptions
	Glyphs Glyphs
}

// PortTable lists who has which port.
func PortTable(w io.Writer, uses []PortUse, o PortsOptions) error {
	columns := []Column[PortUse]{
		{Header: "NODEPORT", Cell: func(u PortUse) string { return strconv.Itoa(int(u.Port)) }},
		{Header: "PROTOCOL", Cell: func(u PortUse) string { return u.Protocol }},
		{Header: "BAND", Cell: func(u PortUse) string { return u.Band.String() }},
		{Header: "NAMESPACE", Cell: func(u PortUse) string { return u.Namespace }},
		{Header: "HELD BY", Cell: func(u PortUse) string { return strings.ToLower(u.Kind) + "/" + u.Name }},
		{Header: "FOR", Cell: func(u PortUse) string {
			if u.Collides {
				return purpose(u) + " " + o.Glyphs.Collision + " collides"
			}
			return purpose(u)
		}},
	}
	if slices.ContainsFunc(uses, func(u PortUse) bool { return u.At != "" }) {
		columns = append(columns, Column[PortUse]{Header: "AT", Cell: func(u PortUse) string { return u.At }})
	} else {
		columns = append(columns, Column[PortUse]{Header: "PODS", Wide: true, Cell: func(u PortUse) string {
			if u.Pods == 0 {
				return ""
			}
			return strconv.Itoa(u.Pods)
		}})
	}
	return Table(w, columns, uses, o.TableOptions)
}

func purpose(u PortUse) string {
	if u.ServicePort != "" {
		return "port " + u.ServicePort
	}
	return u.For
}
