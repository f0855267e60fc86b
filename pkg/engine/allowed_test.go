package engine

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// beyondLoopback are addresses that others than this machine may reach, those
// of this machine among them.
func beyondLoopback(t *testing.T) []netip.Addr {
	t.Helper()
	ips := []netip.Addr{
		netip.IPv4Unspecified(), netip.IPv6Unspecified(), netip.MustParseAddr("::ffff:0.0.0.0"),
		netip.MustParseAddr("fe80::1%lo"), netip.MustParseAddr("::1%lo"), netip.MustParseAddr("::%lo"), netip.MustParseAddr("224.0.0.1"),
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		prefix, err := netip.ParsePrefix(address.String())
		if err == nil && !prefix.Addr().IsLoopback() {
			ips = append(ips, prefix.Addr(), netip.AddrFrom16(prefix.Addr().As16()))
		}
	}
	return ips
}

// everySocket is a service that asks for all kinds of sockets at an address: as
// a node port and as a cluster IP, by each protocol, and for health checks.
func everySocket(t *testing.T, ip netip.Addr) *route.Table {
	t.Helper()
	service := web(freePort(t), at(1), netip.AddrPortFrom(netip.IPv6Loopback(), 1))
	service.ClusterIPs = []netip.Addr{ip}
	service.ExternalLocal, service.HealthCheckNodePort = true, freePort(t)
	port := service.Ports[0]
	port.Port = freePort(t)
	service.Ports = nil
	for _, protocol := range []string{"TCP", "UDP", "SCTP"} {
		port.Name, port.Protocol = protocol, protocol
		service.Ports = append(service.Ports, port)
	}
	node := route.Node{Name: "node-1", Addresses: []route.Address{{Host: ip.String(), IP: ip}}}
	return &route.Table{Nodes: []route.Node{node}, Services: []route.Service{service}}
}

func TestNothingBeyondLoopbackIsOpenedUnlessTheOptionsNameIt(t *testing.T) {
	for _, ip := range beyondLoopback(t) {
		t.Run(ip.String(), func(t *testing.T) {
			events := newLog()
			e := start(t, Options{ClusterIPs: true, Retry: time.Millisecond, Events: events.add})
			e.Execute(everySocket(t, ip))
			if n := len(e.planned.order); n != 7 {
				t.Fatalf("%d sockets are asked for, want 7", n)
			}
			for _, b := range e.planned.order {
				p := e.ports[b.socket()]
				if p.server != nil {
					t.Errorf("%v is open", b.socket())
				}
				if state := p.status(); state.State != "forbidden" || state.Reason == "" {
					t.Errorf("%v: state %q, reason %q", b.socket(), state.State, state.Reason)
				}
			}
			if e.retrying != nil {
				t.Error("it is tried again")
			}
			event := events.await(t, PortForbidden)
			if notAllowed := (*NotAllowedError)(nil); !errors.As(event.Err, &notAllowed) || notAllowed.Address.Addr() != ip {
				t.Errorf("reported %v", event.Err)
			}
			if code, body := ask(e, "localhost", "/healthz"); code != 200 {
				t.Errorf("/healthz answers %d %s", code, body)
			}
		})
	}
}

func TestAnAddressThatTheOptionsNameIsOpened(t *testing.T) {
	for _, test := range []struct {
		named, asked string
		want         bool
	}{
		{"0.0.0.0", "0.0.0.0", true},
		{"::ffff:0.0.0.0", "0.0.0.0", true},
		{"0.0.0.0", "::", false},
		{"192.0.2.1", "0.0.0.0", false},
		{"127.0.0.1", "127.0.0.2", true},
		{"127.0.0.1", "::ffff:127.0.0.1", true},
	} {
		t.Run(test.named+" named, "+test.asked+" asked for", func(t *testing.T) {
			e := start(t, Options{ListenAddresses: []netip.Addr{netip.MustParseAddr(test.named)}})
			err := e.allowed(netip.AddrPortFrom(netip.MustParseAddr(test.asked), 30000))
			if got := err == nil; got != test.want {
				t.Errorf("allowed: %v", err)
			}
		})
	}
}

// FuzzAllowed compares what is opened without being named with what package net
// takes for a loopback address.
func FuzzAllowed(f *testing.F) {
	for _, text := range []string{"127.0.0.1", "::1", "::", "0.0.0.0", "::ffff:127.0.0.1", "::127.0.0.1", "fe80::1"} {
		f.Add(netip.MustParseAddr(text).AsSlice(), "")
		f.Add(netip.MustParseAddr(text).AsSlice(), "lo")
	}
	e := New(Options{})
	f.Cleanup(e.cut)
	f.Fuzz(func(t *testing.T, bytes []byte, zone string) {
		ip, ok := netip.AddrFromSlice(bytes)
		if !ok {
			return
		}
		ip = ip.WithZone(zone)
		want := net.IP(bytes).IsLoopback() && ip.Zone() == ""
		if got := e.allowed(netip.AddrPortFrom(ip, 30000)) == nil; got != want {
			t.Errorf("%s is opened: %v, want %v", ip, got, want)
		}
	})
}
