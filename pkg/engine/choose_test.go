package engine

import (
	"fmt"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// bound makes a binding of a service with affinity.
func bound(timeout time.Duration, endpoints ...string) *binding {
	port := newServicePort()
	b := &binding{affinity: timeout, port: port, node: port.on("node-1")}
	for _, e := range endpoints {
		b.verdict.Endpoints = append(b.verdict.Endpoints, route.Endpoint{Address: netip.MustParseAddrPort(e)})
	}
	return b
}

func TestAffinity(t *testing.T) {
	const one, two = "10.2.1.1:300", "10.2.2.1:300"
	client := netip.MustParseAddrPort("192.0.2.1:40000")
	for _, c := range []struct {
		name    string
		timeout time.Duration
		// gaps are the times between a client's connections.
		gaps []time.Duration
		// then are the endpoints after the first connection.
		then []string
		want string
	}{
		{"a client comes back to its endpoint", time.Minute, []time.Duration{0, time.Second}, []string{one, two}, "1 1 1"},
		{"each connection begins the time anew", 10 * time.Second, []time.Duration{9 * time.Second, 9 * time.Second}, []string{one, two}, "1 1 1"},
		{"it may change after the time", 10 * time.Second, []time.Duration{10 * time.Second, time.Second}, []string{one, two}, "1 2 2"},
		{"it changes when its endpoint is gone", time.Minute, []time.Duration{time.Second, time.Second}, []string{two}, "1 2 2"},
		{"without affinity any may come", 0, []time.Duration{0, 0}, []string{one, two}, "1 2 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first := true
				e := New(Options{Random: func(n int) int {
					if first {
						first = false
						return 0
					}
					return n - 1
				}})
				defer e.cut()
				b := bound(c.timeout, one, two)
				got := numberOf(e.choose(b, client, nil))
				b = &binding{affinity: c.timeout, port: b.port, node: b.node, verdict: bound(0, c.then...).verdict}
				for _, gap := range c.gaps {
					time.Sleep(gap)
					got += " " + numberOf(e.choose(b, client, nil))
				}
				if got != c.want {
					t.Errorf("chose %s, want %s", got, c.want)
				}
			})
		})
	}
}

// numberOf is the third number of an endpoint's address.
func numberOf(e route.Endpoint, ok bool) string {
	if !ok {
		return "none"
	}
	return fmt.Sprint(e.Address.Addr().As4()[2])
}

func TestAffinityIsOfANodeAndForgetsWhoStaysAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a affinity
		endpoint := netip.MustParseAddrPort("10.2.1.1:300")
		address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
		for i := range 2 * maxPins {
			a.pin(address(i), endpoint, time.Minute)
		}
		if len(a.pins) != maxPins {
			t.Errorf("%d clients are remembered, want %d", len(a.pins), maxPins)
		}
		time.Sleep(time.Minute)
		a.pin(address(0), endpoint, time.Minute)
		a.pin(address(3*maxPins), endpoint, time.Minute)
		if len(a.pins) > 2 {
			t.Errorf("%d clients are remembered that stayed away", len(a.pins))
		}
	})
}

func TestEndpointsAreChosenAlike(t *testing.T) {
	e := New(Options{})
	defer e.cut()
	b := bound(0, "10.2.1.1:300", "10.2.2.1:300", "10.2.3.1:300")
	count := map[string]int{}
	for range 3000 {
		count[numberOf(e.choose(b, netip.AddrPort{}, nil))]++
	}
	for number, n := range count {
		if n < 800 || n > 1200 {
			t.Errorf("endpoint %s was chosen %d times of 3000", number, n)
		}
	}
}

func TestAFailingEndpointIsTriedLastForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(Options{Random: func(int) int { return 0 }})
		defer e.cut()
		b := bound(0, "10.2.1.1:300", "10.2.2.1:300")
		one := b.port.enter(&b.verdict.Endpoints[0])
		b.port.blame(one, syscall.ECONNREFUSED)
		choose := func(tried ...netip.AddrPort) string { return numberOf(e.choose(b, netip.AddrPort{}, tried)) }
		if got := choose(); got != "2" {
			t.Errorf("chose %s", got)
		}
		if got := choose(b.verdict.Endpoints[1].Address); got != "1" {
			t.Errorf("chose %s when there was no other", got)
		}
		time.Sleep(firstPause)
		if got := choose(); got != "1" {
			t.Errorf("chose %s after the pause", got)
		}
		b.port.blame(one, syscall.ECONNREFUSED)
		time.Sleep(firstPause)
		if got := choose(); got != "2" {
			t.Errorf("chose %s in the second, longer pause", got)
		}
		b.port.excuse(one)
		if got := choose(); got != "1" || b.port.failing.Load() != 0 {
			t.Errorf("chose %s after it recovered", got)
		}
	})
}

func TestStrictChoiceKnowsNoFailures(t *testing.T) {
	e := New(Options{Strict: true, Random: func(int) int { return 0 }})
	defer e.cut()
	b := bound(0, "10.2.1.1:300", "10.2.2.1:300")
	b.port.blame(b.port.enter(&b.verdict.Endpoints[0]), syscall.ECONNREFUSED)
	if got := numberOf(e.choose(b, netip.AddrPort{}, nil)); got != "1" {
		t.Errorf("chose %s", got)
	}
}
