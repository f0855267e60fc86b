package parity

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// effort is how much is done to see what happens.
type effort struct {
	// connections are how many are made to see all endpoints.
	connections int
	// held are how many of them stay open while the endpoints change.
	held     int
	patience time.Duration
}

// usual sees all of four endpoints but once in 250 times; thorough always does.
// Both wait for a second SYN, which TCP sends after one second: the ICMP answer
// to the first one may come so early that connect does not hear it.
func usual() effort    { return effort{24, 4, 1500 * time.Millisecond} }
func thorough() effort { return effort{120, 24, 2500 * time.Millisecond} }

// seen are the outcomes of a scenario by family and system.
type seen map[byte]map[string]outcome

// visit is a scenario at one node, in one family, while it is played.
type visit struct {
	caller
	outcome outcome
	held    []*call
	// bound is the endpoint of each client, with affinity.
	bound []string
}

// play has the systems serve scenarios together, and tells what clients met.
func (l *lab) play(scenarios []scenario, e effort) []seen {
	l.t.Helper()
	round := make([]placed, len(scenarios))
	results := make([]seen, len(scenarios))
	var visits []*visit
	for i, s := range scenarios {
		l.placed++
		round[i] = placed{scenario: s, index: i, id: l.placed}
		for _, family := range []byte(s.Families) {
			for _, n := range l.nodes {
				visits = append(visits, &visit{caller: caller{n, family, round[i], e.patience}})
			}
		}
	}
	l.serve(round, before)
	each(visits, func(v *visit) { v.outcome.before, v.outcome.boundBefore = v.look(e, true) })
	l.serve(round, after)
	each(visits, (*visit).change)
	each(visits, func(v *visit) {
		if v.scenario.Changes {
			v.outcome.after, v.outcome.boundAfter = v.look(e, false)
		}
	})
	for _, v := range visits {
		at := &results[v.scenario.index]
		if *at == nil {
			*at = seen{}
		}
		if (*at)[v.family] == nil {
			(*at)[v.family] = map[string]outcome{}
		}
		(*at)[v.family][v.node.system] = v.outcome
	}
	return results
}

func (l *lab) serve(round []placed, endpoints func(scenario) []endpoint) {
	l.t.Helper()
	text, err := list(round, endpoints)
	if err != nil {
		l.t.Fatal(err)
	}
	l.change(text)
}

// each does something with many visits at a time.
func each(visits []*visit, do func(*visit)) {
	var wait sync.WaitGroup
	room := make(chan struct{}, 60)
	for _, v := range visits {
		room <- struct{}{}
		wait.Go(func() {
			do(v)
			<-room
		})
	}
	wait.Wait()
}

// look makes new connections. With hold it keeps some of them open.
func (v *visit) look(e effort, hold bool) (all []string, bound bool) {
	if v.scenario.Affinity {
		return v.lookBound(e, hold)
	}
	const atATime = 4
	first := v.connectAll(0, e.held)
	all = met(first)
	if hold {
		v.held = first
	} else {
		end(first)
	}
	for made := e.held; made < e.connections && answered(all); made += atATime {
		more := v.connectAll(made, atATime)
		all = met(more, all...)
		end(more)
	}
	return all, false
}

func answered(all []string) bool {
	return !slices.Equal(all, []string{refused}) && !slices.Equal(all, []string{timedOut})
}

// lookBound has each client connect a few times, and tells whether it always
// met the same endpoint.
func (v *visit) lookBound(e effort, hold bool) (all []string, bound bool) {
	answers := make([]string, clients)
	bound = true
	for i := range 3 {
		calls := v.connectAll(0, clients)
		for client, c := range calls {
			bound = bound && (i == 0 || answers[client] == c.met)
			answers[client] = c.met
		}
		all = met(calls, all...)
		if hold && i == 0 {
			kept := min(e.held, clients)
			v.held, calls = calls[:kept], calls[kept:]
		}
		end(calls)
	}
	if !hold {
		v.outcome.rebound = fates{}
		for client, had := range v.bound {
			v.outcome.rebound.note(had, answers[client])
		}
	}
	v.bound = answers
	return all, bound && answered(all)
}

// change sees what became of the connections that are open, and closes them.
func (v *visit) change() {
	v.outcome.held = fates{}
	for _, c := range v.held {
		if v.scenario.Changes && c.Conn != nil && c.met != refused && c.met != timedOut {
			v.outcome.held.note(c.met, c.ask())
		}
	}
	end(v.held)
	v.held = nil
}

// allowed are the endpoints that the routing model has for a scenario.
func (s scenario) allowed(family byte) (allowed [2][]string) {
	for i, endpoints := range [][]endpoint{s.Before, after(s)} {
		snap := &snapshot.Snapshot{Nodes: []*corev1.Node{nodeObject([]string{"10.9.1.1", "fd00:9:1::1"})}}
		for _, object := range (placed{scenario: s}).objects(endpoints) {
			switch o := object.(type) {
			case *corev1.Service:
				snap.Services = append(snap.Services, o)
			case *discoveryv1.EndpointSlice:
				snap.Slices = append(snap.Slices, o)
			}
		}
		table := route.New(snap)
		service := &table.Services[0]
		for way := range table.Routes(service, &service.Ports[0]) {
			if netip.Addr.Is4(way.Address.IP) == (family == '4') {
				for _, e := range way.Verdict.Endpoints {
					allowed[i] = append(allowed[i], named(e.Address))
				}
			}
		}
	}
	return allowed
}
