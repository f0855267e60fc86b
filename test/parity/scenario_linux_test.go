package parity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
)

// scenario is a service and its endpoints, and what the endpoints change to.
// A scenario is drawn at random, written down as a table row, and made smaller
// field by field; every value of every field is allowed.
type scenario struct {
	Protocol string // "TCP" or "UDP"
	Families string // "4", "6" or "46"
	// Local is externalTrafficPolicy; Affinity is sessionAffinity ClientIP.
	Local, Affinity bool
	// Foreign gives the service to another proxy by its label.
	Foreign bool
	Before  []endpoint
	// Changes tells that the endpoints become those of After.
	Changes bool
	After   []endpoint
}

// endpoint is one of an EndpointSlice. Two may have the same address.
type endpoint struct {
	// Host numbers the address, Target the port and with it the slice.
	Host, Target int
	// Node is "n1", which is asked, "n2" or empty.
	Node                        string
	Ready, Serving, Terminating condition
	// Zones and Nodes are hints.
	Zones, Nodes []string
}

// condition is true, false or left out.
type condition string

const (
	unset condition = ""
	yes   condition = "yes"
	no    condition = "no"
)

func (c condition) pointer() *bool {
	if c == unset {
		return nil
	}
	value := c == yes
	return &value
}

// randomScenario draws one: any, but often one in which something happens.
func randomScenario(r *rand.Rand) scenario {
	s := scenario{
		Protocol: pick(r, "TCP", "UDP"),
		Families: pick(r, "4", "4", "6", "46"),
		Local:    r.IntN(3) == 0,
		Affinity: r.IntN(4) == 0,
		Foreign:  r.IntN(20) == 0,
		Changes:  r.IntN(3) == 0,
	}
	hints := r.IntN(3)
	s.Before = randomEndpoints(r, hints)
	if s.Changes {
		s.After = randomEndpoints(r, hints)
		if len(s.Before) > 0 && r.IntN(2) == 0 { // one goes, one changes
			s.After = slices.Clone(s.Before)[1:]
			if len(s.After) > 0 {
				s.After[0].Ready, s.After[0].Terminating = no, yes
			}
		}
	}
	return s
}

func randomEndpoints(r *rand.Rand, hints int) []endpoint {
	var endpoints []endpoint
	for range pick(r, 0, 1, 2, 2, 3, 4) {
		e := endpoint{
			Host: 1 + r.IntN(4), Target: pick(r, 0, 0, 0, 1),
			Node: pick(r, "n1", "n2", "n2", ""),
		}
		switch r.IntN(5) {
		case 0: // as the API allows
			e.Ready, e.Serving, e.Terminating = pick(r, unset, yes, no), pick(r, unset, yes, no), pick(r, unset, yes, no)
		case 1: // ends, and still serves
			e.Ready, e.Serving, e.Terminating = no, yes, yes
		case 2: // not ready
			e.Ready, e.Serving, e.Terminating = no, no, no
		default:
			e.Ready, e.Serving, e.Terminating = yes, yes, no
		}
		if hints > 0 && r.IntN(6) > 0 {
			e.Zones = pick(r, []string{"z1"}, []string{"z2"}, []string{"z1", "z2"})
		}
		if hints > 1 && r.IntN(6) > 0 {
			e.Nodes = pick(r, []string{"n1"}, []string{"n2"})
		}
		endpoints = append(endpoints, e)
	}
	return endpoints
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// smaller returns the scenarios that are one step simpler and known to the
// version of kube-proxy.
func (s scenario) smaller(version kubernetes.Version) []scenario {
	var all []scenario
	with := func(change func(*scenario)) {
		c := s
		c.Before, c.After = slices.Clone(s.Before), slices.Clone(s.After)
		change(&c)
		if c = c.knownTo(version); c.String() != s.String() {
			all = append(all, c)
		}
	}
	with(func(c *scenario) { c.Changes, c.After = false, nil })
	with(func(c *scenario) { c.Changes, c.Before, c.After = false, c.After, nil })
	with(func(c *scenario) { c.Foreign = false })
	with(func(c *scenario) { c.Affinity = false })
	with(func(c *scenario) { c.Local = false })
	with(func(c *scenario) { c.Protocol = "TCP" })
	with(func(c *scenario) { c.Families = "4" })
	with(func(c *scenario) { c.Families = c.Families[len(c.Families)-1:] })
	for _, list := range []func(*scenario) *[]endpoint{
		func(c *scenario) *[]endpoint { return &c.Before }, func(c *scenario) *[]endpoint { return &c.After },
	} {
		for i := range *list(&s) {
			with(func(c *scenario) { *list(c) = slices.Delete(*list(c), i, i+1) })
			at := func(change func(*endpoint)) {
				with(func(c *scenario) { change(&(*list(c))[i]) })
			}
			at(func(e *endpoint) { e.Zones = nil })
			at(func(e *endpoint) { e.Nodes = nil })
			at(func(e *endpoint) { e.Target = 0 })
			at(func(e *endpoint) { e.Node = "" })
			at(func(e *endpoint) { e.Ready = unset })
			at(func(e *endpoint) { e.Serving = unset })
			at(func(e *endpoint) { e.Terminating = unset })
			at(func(e *endpoint) { e.Host = i + 1 })
		}
	}
	return all
}

// String writes the scenario as the row of a table.
func (s scenario) String() string {
	text := fmt.Sprintf("%#v", s)
	for _, zero := range []string{
		"Local:false", "Affinity:false", "Foreign:false", "Changes:false", "After:[]parity.endpoint(nil)", "Before:[]parity.endpoint(nil)",
		`Ready:""`, `Serving:""`, `Terminating:""`, `Node:""`, "Zones:[]string(nil)", "Nodes:[]string(nil)", "Target:0",
	} {
		text = strings.ReplaceAll(text, ", "+zero, "")
	}
	text = strings.ReplaceAll(text, "parity.", "")
	text = strings.TrimPrefix(text, "scenario")
	return strings.NewReplacer(":", ": ", "[]endpoint{endpoint{", "[]endpoint{{", "}, endpoint{", "}, {").Replace(text)
}
