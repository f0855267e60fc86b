package engine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// hidden is a Dialer that does not say where it connects to.
type hidden struct{ dials atomic.Int64 }

func (d *hidden) Dial(ctx context.Context, network string, to *Target) (net.Conn, error) {
	d.dials.Add(1)
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, to.Endpoint.Address.String())
}

// looping is a service of which one port leads back to another of its own.
type looping struct {
	name    string
	listen  []netip.Addr
	node    string
	options Options
	// endpoint is where the port that is asked leads; 0.0.0.0 and the like are aliases.
	endpoint string
}

func loopCases(t *testing.T) []looping {
	t.Helper()
	cases := []looping{
		{name: "its own address", node: oneNode, endpoint: oneNode},
		{name: "another node's address", node: oneNode, endpoint: "127.0.0.2"},
		{name: "an IPv4-mapped address", node: oneNode, endpoint: "::ffff:127.0.0.1"},
		{name: "every address", node: oneNode, endpoint: "0.0.0.0"},
		{name: "an address behind a dialer", node: oneNode, endpoint: oneNode, options: Options{Dialer: &hidden{}}},
		{name: "an address that a port on every address has", node: "0.0.0.0", listen: []netip.Addr{netip.IPv4Unspecified()}, endpoint: "127.0.0.3"},
	}
	if ip := machineAddress(t); ip.IsValid() {
		cases = append(cases, looping{
			name: "an address of this machine", node: "0.0.0.0", listen: []netip.Addr{netip.IPv4Unspecified()}, endpoint: ip.String(),
		})
	}
	return cases
}

// machineAddress is one beyond loopback that this machine has; the zero Addr for none.
func machineAddress(t *testing.T) netip.Addr {
	t.Helper()
	for _, ip := range beyondLoopback(t) {
		if ip.Is4() && ip.IsGlobalUnicast() {
			return ip
		}
	}
	return netip.Addr{}
}

// engineOf starts an engine whose service leads to itself.
func (l *looping) engineOf(t *testing.T, protocol string) (*Engine, netip.AddrPort, *log) {
	t.Helper()
	port := freePort(t)
	events := newLog()
	o := l.options
	o.Events, o.ListenAddresses = events.add, l.listen
	e := start(t, o)
	service := web(port, netip.AddrPortFrom(netip.MustParseAddr(l.endpoint), port))
	service.Ports[0].Protocol = protocol
	e.Execute(&route.Table{Nodes: []route.Node{nodeAt("node-1", l.node), nodeAt("node-2", "127.0.0.2")}, Services: []route.Service{service}})
	return e, at(port), events
}

func wantLoopReported(t *testing.T, e *Engine, events *log) {
	t.Helper()
	own := (*OwnSocketError)(nil)
	if event := events.await(t, EndpointFailed); !errors.As(event.Err, &own) || own.Way.Service != "web" {
		t.Errorf("reported %v", event.Err)
	}
	endpoints := e.Status().Ports[0].Endpoints
	if len(endpoints) != 1 || !endpoints[0].Failing || endpoints[0].Reason == "" {
		t.Errorf("status of the endpoint: %+v", endpoints)
	}
}

func TestAConnectionToAnEndpointThatIsTheEngineItselfIsReset(t *testing.T) {
	for _, l := range loopCases(t) {
		t.Run(l.name, func(t *testing.T) {
			e, address, events := l.engineOf(t, "TCP")
			for range 3 {
				if err := fate(t, address); !wasReset(err) {
					t.Errorf("the client met %v", err)
				}
			}
			wantLoopReported(t, e, events)
			<-e.open.none()
			if d, ok := l.options.Dialer.(*hidden); ok && d.dials.Load() > 100 {
				t.Errorf("%d dials for 3 clients", d.dials.Load())
			}
		})
	}
}

func TestADatagramToAnEndpointThatIsTheEngineItselfIsDropped(t *testing.T) {
	for _, l := range loopCases(t) {
		t.Run(l.name, func(t *testing.T) {
			e, address, events := l.engineOf(t, "UDP")
			conn, err := net.Dial("udp", address.String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			wantLoopReported(t, e, events)
			e.sessions.running.Wait()
			if n := e.Status().Ports[0].Nodes[0].Clients + e.Status().Ports[0].Nodes[1].Clients; n != 1 {
				t.Errorf("one datagram made %d flows", n)
			}
		})
	}
}

func TestAPortOfAnotherProgramWithTheNumberOfAnOwnOneIsAnEndpoint(t *testing.T) {
	port := freePort(t)
	listener, err := net.Listen("tcp", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.9"), port).String())
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	defer listener.Close()
	go func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			_, _ = conn.Write([]byte("one\n"))
			conn.Close()
		}
	}()
	e := start(t, Options{DialTimeout: 10 * time.Second})
	e.Execute(tableOf(web(port, netip.MustParseAddrPort(listener.Addr().String()))))
	if got := dial(t, at(port)).line(t); got != "one" {
		t.Errorf("reached %q", got)
	}
}
