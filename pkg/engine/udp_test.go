package engine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

func TestAUDPNodePortLeadsToAnEndpointAndBack(t *testing.T) {
	port := freePort(t)
	start(t, Options{}).Execute(tableOf(dns(port, udpBackend(t, "one"))))
	c := udpClient(t, at(port))
	for _, text := range []string{"a", "b", ""} {
		if got := c.ask(t, text); got != "one "+text {
			t.Errorf("asked %q, got %q", text, got)
		}
	}
}

func TestAFlowStaysWithItsEndpointAndOthersAreDrawnAnew(t *testing.T) {
	port, draws := freePort(t), 0
	e := start(t, Options{Random: func(n int) int { draws++; return draws % n }})
	e.Execute(tableOf(dns(port, udpBackend(t, "one"), udpBackend(t, "two"))))
	first, second := udpClient(t, at(port)), udpClient(t, at(port))
	for range 5 {
		if got := first.ask(t, "?"); got != "two ?" {
			t.Fatalf("the first client got %q", got)
		}
		if got := second.ask(t, "?"); got != "one ?" {
			t.Fatalf("the second client got %q", got)
		}
	}
}

func TestClientsOfOneAddressShareAnEndpointWithAffinity(t *testing.T) {
	port, draws := freePort(t), 0
	e := start(t, Options{Random: func(n int) int { draws++; return draws % n }})
	service := dns(port, udpBackend(t, "one"), udpBackend(t, "two"))
	service.Affinity = time.Hour
	e.Execute(tableOf(service))
	for range 5 {
		if got := udpClient(t, at(port)).ask(t, "?"); got != "two ?" {
			t.Fatalf("got %q", got)
		}
	}
}

func TestAFlowMovesWhenItsEndpointGoes(t *testing.T) {
	port, one, two := freePort(t), udpBackend(t, "one"), udpBackend(t, "two")
	e := start(t, Options{Random: func(int) int { return 0 }})
	e.Execute(tableOf(dns(port, one, two)))
	c := udpClient(t, at(port))
	if got := c.ask(t, "?"); got != "one ?" {
		t.Fatalf("got %q", got)
	}
	e.Execute(tableOf(dns(port, two)))
	if got := c.ask(t, "?"); got != "two ?" {
		t.Errorf("got %q", got)
	}
}

func TestAFlowStaysWithAnEndpointThatEndsButServes(t *testing.T) {
	port, one, two := freePort(t), udpBackend(t, "one"), udpBackend(t, "two")
	e := start(t, Options{Random: func(int) int { return 0 }})
	e.Execute(tableOf(dns(port, one, two)))
	c := udpClient(t, at(port))
	c.ask(t, "?")
	ending := dns(port, one, two)
	ending.Ports[0].Endpoints[0].Ready, ending.Ports[0].Endpoints[0].Terminating = false, true
	e.Execute(tableOf(ending))
	if got := c.ask(t, "?"); got != "one ?" {
		t.Errorf("the old flow got %q", got)
	}
	if got := udpClient(t, at(port)).ask(t, "?"); got != "two ?" {
		t.Errorf("a new flow got %q", got)
	}
	ended := dns(port, one, two)
	ended.Ports[0].Endpoints[0] = route.Endpoint{Address: one}
	e.Execute(tableOf(ended))
	if got := c.ask(t, "?"); got != "two ?" {
		t.Errorf("once it does not serve any more, the old flow got %q", got)
	}
}

func TestAUDPServiceWithoutEndpointsRefuses(t *testing.T) {
	needRefusals(t)
	port, one := freePort(t), udpBackend(t, "one")
	e := start(t, Options{})
	e.Execute(tableOf(dns(port, one)))
	c := udpClient(t, at(port))
	c.ask(t, "?")
	e.Execute(tableOf(dns(port)))
	if err := c.refused(t); !wasRefused(err) {
		t.Errorf("got %v", err)
	}
	e.Execute(tableOf(dns(port, one)))
	if got := c.ask(t, "?"); got != "one ?" {
		t.Errorf("when it is back, got %q", got)
	}
}

func TestADroppedUDPFlowHearsNothingAndOldFlowsGoOn(t *testing.T) {
	port, one := freePort(t), udpBackend(t, "one")
	e := start(t, Options{})
	e.Execute(tableOf(dns(port, one)))
	old := udpClient(t, at(port))
	old.ask(t, "?")
	elsewhere := dns(port, one)
	elsewhere.ExternalLocal = true
	elsewhere.Ports[0].Endpoints[0].Node = "node-2"
	e.Execute(tableOf(elsewhere))
	unheard := udpClient(t, at(port))
	unheard.say(t, "lost")
	if got := old.ask(t, "?"); got != "one ?" { // so the engine has read what was sent before
		t.Errorf("the old flow got %q", got)
	}
	e.Execute(tableOf(dns(port, one)))
	if got := unheard.ask(t, "again"); got != "one again" {
		t.Errorf("got %q, want nothing of what was dropped", got)
	}
}

func TestAUDPEndpointThatRefusesIsNotTheLast(t *testing.T) {
	needRefusals(t)
	port, dead := freePort(t), freePort(t)
	events, log := newLog(), newAccessLog()
	e := start(t, Options{Random: func(int) int { return 0 }, Events: events.add, Access: log.add})
	e.Execute(tableOf(dns(port, at(dead), udpBackend(t, "two"))))
	c := udpClient(t, at(port))
	if got := c.ask(t, "?"); got != "two ?" {
		t.Errorf("got %q", got)
	}
	if event := events.await(t, EndpointFailed); event.Endpoint != at(dead) || !isUnreachable(event.Err) {
		t.Errorf("told of %v: %v", event.Endpoint, event.Err)
	}
	e.Execute(&route.Table{})
	if access := log.await(t); access.Tries != 2 || access.Sent != 2 || access.Received != 5 || access.Err != nil {
		t.Errorf("access %+v", access)
	}
}

func TestAStrictFlowStaysWithAnEndpointThatRefuses(t *testing.T) {
	port, dead := freePort(t), freePort(t)
	e := start(t, Options{Random: func(int) int { return 0 }, Strict: true})
	e.Execute(tableOf(dns(port, at(dead), udpBackend(t, "two"))))
	c := udpClient(t, at(port))
	c.say(t, "unheard")
	udpBackendAt(t, at(dead), "one")
	for { // until the kernel has told of the refusal, and the backend is there
		c.say(t, "?")
		if got, err := c.hear(100 * time.Millisecond); err == nil {
			if !strings.HasPrefix(got, "one ") {
				t.Errorf("got %q", got)
			}
			break
		}
	}
}

func TestLargeDatagramsGoThrough(t *testing.T) {
	port := freePort(t)
	start(t, Options{}).Execute(tableOf(dns(port, udpBackend(t, "one"))))
	text := strings.Repeat("x", 65507-len("one "))
	if got := udpClient(t, at(port)).ask(t, text); got != "one "+text {
		t.Errorf("got %d bytes", len(got))
	}
}

func TestRepliesComeFromTheAddressThatWasAsked(t *testing.T) {
	if !answersFromAnyAddress {
		t.Skip("skipped: on this system replies come from the address that it chooses")
	}
	for _, c := range []struct{ all, asked string }{{"0.0.0.0", "127.0.0.7"}, {"0.0.0.0", "127.0.0.1"}, {"::", "::1"}} {
		t.Run(c.asked, func(t *testing.T) {
			port, access := freePort(t), newAccessLog()
			service := dns(port, udpBackend(t, "one"))
			if c.all == "::" {
				service.ClusterIPs = []netip.Addr{netip.MustParseAddr("fd00::1")}
				service.Ports[0].Endpoints[0].Address = udpBackendAt(t, netip.MustParseAddrPort("[::1]:0"), "one")
			}
			table := tableOf(service)
			table.Nodes = []route.Node{nodeAt("node-1", c.all)}
			e := start(t, Options{Access: access.add, ListenAddresses: []netip.Addr{netip.MustParseAddr(c.all)}})
			e.Execute(table)
			asked := netip.AddrPortFrom(netip.MustParseAddr(c.asked), port)
			if got := udpClient(t, asked).ask(t, "?"); got != "one ?" { // the socket is connected: it hears nobody else
				t.Errorf("got %q", got)
			}
			e.Execute(&route.Table{})
			if a := access.await(t); a.Way.Address != asked {
				t.Errorf("access tells of %s", a.Way.Address)
			}
		})
	}
}

func TestAClientWhoseEndpointIsSlowToReachBlocksNobody(t *testing.T) {
	port, one := freePort(t), udpBackend(t, "one")
	dialer := &slowDialer{until: make(chan struct{}), first: make(chan struct{}, 1)}
	e := start(t, Options{Dialer: dialer})
	e.Execute(tableOf(dns(port, one)))
	slow := udpClient(t, at(port))
	dialer.first <- struct{}{}
	slow.say(t, "1")
	dialer.first <- struct{}{} // taken: the slow client is dialing
	slow.say(t, "2")
	if got := udpClient(t, at(port)).ask(t, "?"); got != "one ?" {
		t.Errorf("the other client got %q", got)
	}
	close(dialer.until)
	for _, want := range []string{"one 1", "one 2"} {
		if got, err := slow.hear(10 * time.Second); got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestAFloodOfClientsOustsNoneThatGoesOn(t *testing.T) {
	const limit = 20
	port, events, log := freePort(t), newLog(), newAccessLog()
	e := start(t, Options{MaxSessions: limit, Events: events.add, Access: log.add})
	e.Execute(tableOf(dns(port, udpBackend(t, "one"))))
	known := udpClient(t, at(port))
	known.ask(t, "?")
	e.sessions.mu.Lock()
	clock := e.sessions.clock
	e.sessions.clock = func() time.Duration { return clock() + 3*time.Second }
	e.sessions.mu.Unlock()
	known.ask(t, "?")
	service := dns(port, silentBackend(t))
	service.Ports[0].Endpoints = append(service.Ports[0].Endpoints, tableOf(dns(port, known.endpoint(e))).Services[0].Ports[0].Endpoints...)
	service.Ports[0].Endpoints[1].Ready, service.Ports[0].Endpoints[1].Terminating = false, true
	e.Execute(tableOf(service))
	for range 3 * limit {
		udpClient(t, at(port)).say(t, "flood")
	}
	events.await(t, LimitReached)
	if got := known.ask(t, "?"); got != "one ?" {
		t.Errorf("the known client got %q", got)
	}
	if ended := log.await(t); !errors.As(ended.Err, new(*LimitError)) || ended.Received > 0 {
		t.Errorf("access tells of %+v", ended)
	}
	e.sessions.mu.Lock()
	defer e.sessions.mu.Unlock()
	if n := len(e.sessions.all); n > limit {
		t.Errorf("%d sessions are open", n)
	}
}

func TestAFlowIsForgottenWhenItIsIdle(t *testing.T) {
	port, clock, draws := freePort(t), &fakeClock{}, 0
	log := newAccessLog()
	e := New(Options{Random: func(n int) int { draws++; return draws % n }, Access: log.add})
	t.Cleanup(func() { _ = e.Shutdown(canceled(t)) })
	e.sessions.clock = clock.now
	e.Execute(tableOf(dns(port, udpBackend(t, "one"), udpBackend(t, "two"))))
	c := udpClient(t, at(port))
	expect := func(want string) {
		t.Helper()
		if got := c.ask(t, "?"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	expect("two ?")
	clock.add(29 * time.Second)
	e.endIdleSessions()
	expect("two ?") // answered, and older than two seconds
	clock.add(119 * time.Second)
	e.endIdleSessions()
	expect("two ?")
	clock.add(120 * time.Second)
	expect("one ?") // before anybody looked after it
	log.await(t)
	clock.add(30 * time.Second)
	e.endIdleSessions() // answered only within its first two seconds
	if access := log.await(t); access.Err != nil || access.Received == 0 {
		t.Errorf("access tells of %+v", access)
	}
}

func TestShutdownEndsFlowsAndTellsOfThem(t *testing.T) {
	port, log := freePort(t), newAccessLog()
	e := New(Options{Access: log.add})
	e.Execute(tableOf(dns(port, udpBackend(t, "one"))))
	udpClient(t, at(port)).ask(t, "?")
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if n := len(log.all); n != 1 {
		t.Errorf("told of %d flows", n)
	}
	if access := log.await(t); access.Err != nil {
		t.Error(access.Err)
	}
}

func TestFlowsAreCounted(t *testing.T) {
	port, one := freePort(t), udpBackend(t, "one")
	e := start(t, Options{})
	e.Execute(tableOf(dns(port, one)))
	b := e.planned.order[0]
	udpClient(t, at(port)).ask(t, "1234")
	if n := b.node.open.Load(); n != 1 {
		t.Errorf("%d flows are open", n)
	}
	e.Execute(&route.Table{})
	e.sessions.running.Wait()
	for name, c := range map[string]*counters{"node": &b.node.counters, "endpoint": &b.port.endpoints[one].counters} {
		got := []int64{c.clients.Load(), c.open.Load(), c.failures.Load(), c.sent.Load(), c.received.Load()}
		if want := []int64{1, 0, 0, 4, 8}; !slices.Equal(got, want) {
			t.Errorf("%s: clients, open, failures, sent, received are %v, want %v", name, got, want)
		}
	}
}

func TestAFlowWithAnEndpointThatIsNoUDPSocket(t *testing.T) {
	port := freePort(t)
	e := start(t, Options{Dialer: pipeDialer{}})
	e.Execute(tableOf(dns(port, at(1))))
	c := udpClient(t, at(port))
	for _, text := range []string{"a", "b"} {
		if got := c.ask(t, text); got != "pipe "+text {
			t.Errorf("got %q", got)
		}
	}
}

// pipeDialer leads to a goroutine.
type pipeDialer struct{}

func (pipeDialer) Dial(context.Context, string, *Target) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		buffer := make([]byte, 100)
		for {
			n, err := theirs.Read(buffer)
			if err != nil {
				return
			}
			if _, err := theirs.Write(append([]byte("pipe "), buffer[:n]...)); err != nil {
				return
			}
		}
	}()
	return ours, nil
}
