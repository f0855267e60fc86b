package engine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// oneNode is the address of the only node of most tables here.
const oneNode = "127.0.0.1"

// tableOf makes a table of services on one node.
func tableOf(services ...route.Service) *route.Table {
	return &route.Table{Nodes: []route.Node{nodeAt("node-1", oneNode)}, Services: services}
}

func nodeAt(name string, ips ...string) route.Node {
	node := route.Node{Name: name}
	for _, ip := range ips {
		node.Addresses = append(node.Addresses, route.Address{Host: ip, IP: netip.MustParseAddr(ip), Type: "InternalIP"})
	}
	return node
}

// web is a service of one TCP port with ready endpoints.
func web(nodePort uint16, endpoints ...netip.AddrPort) route.Service {
	port := route.Port{Protocol: "TCP", NodePort: nodePort, Port: 80, Target: "300"}
	for i, address := range endpoints {
		port.Endpoints = append(port.Endpoints, route.Endpoint{
			Address: address, Node: "node-1", Pod: fmt.Sprintf("web-%d", i+1), Ready: true, Serving: true,
		})
	}
	return route.Service{
		Namespace: "docs", Name: "web", Type: "NodePort",
		ClusterIPs: []netip.Addr{netip.MustParseAddr("127.0.1.1")}, Ports: []route.Port{port},
	}
}

// freePort returns a port that nobody listens on, and that the system gives
// nobody who asks for any.
func freePort(t testing.TB) uint16 {
	t.Helper()
	for range 100 {
		port := uint16(10000 + rand.IntN(20000))
		if listener, err := net.Listen("tcp", at(port).String()); err == nil {
			listener.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// backend runs a server that says its name and then echoes, and returns its
// address.
func backend(t testing.TB, name string) netip.AddrPort {
	t.Helper()
	return backendOf(t, func(conn net.Conn) {
		defer conn.Close()
		if _, err := fmt.Fprintln(conn, name); err == nil {
			_, _ = io.Copy(conn, conn)
		}
	})
}

// backendOf runs a server of connections, which it ends with the test.
func backendOf(t testing.TB, serve func(net.Conn)) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", oneNode+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

// log collects events, and lets tests wait for them.
type log struct {
	mu     sync.Mutex
	events []Event
	more   chan struct{}
}

func newLog() *log { return &log{more: make(chan struct{}, 1)} }

func (l *log) add(e Event) {
	l.mu.Lock()
	l.events = append(l.events, e)
	l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
}

// await returns the first event of a kind that was not returned before.
func (l *log) await(t testing.TB, kind EventKind) Event {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		l.mu.Lock()
		for i, e := range l.events {
			if e.Kind == kind {
				l.events = append(l.events[:i:i], l.events[i+1:]...)
				l.mu.Unlock()
				return e
			}
		}
		seen := fmt.Sprint(l.events)
		l.mu.Unlock()
		select {
		case <-l.more:
		case <-deadline:
			t.Fatalf("no event of kind %v came; the others: %s", kind, seen)
		}
	}
}

// start makes an engine that ends with the test.
func start(t testing.TB, o Options) *Engine {
	t.Helper()
	e := New(o)
	t.Cleanup(func() { _ = e.Shutdown(canceled(t)) })
	return e
}

func dial(t testing.TB, address netip.AddrPort) *client {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address.String(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{conn.(*net.TCPConn), bufio.NewReader(conn)}
}

// client is a connection that is read line by line.
type client struct {
	*net.TCPConn
	lines *bufio.Reader
}

func (c *client) line(t testing.TB) string {
	t.Helper()
	line, err := c.lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line[:len(line)-1]
}

func (c *client) say(t testing.TB, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(c, line); err != nil {
		t.Fatal(err)
	}
}

// refused tells whether nobody listens at an address.
func refused(t testing.TB, address netip.AddrPort) bool {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address.String(), 10*time.Second)
	if err == nil {
		conn.Close()
		return false
	}
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		t.Fatal(err)
	}
	return true
}

func at(port uint16) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(oneNode), port) }

// tcpListener is a listener whose address is easy to use.
type tcpListener struct{ *net.TCPListener }

func (l tcpListener) Addr() netip.AddrPort { return l.TCPListener.Addr().(*net.TCPAddr).AddrPort() }

// occupy takes a free port.
func occupy(t testing.TB) tcpListener {
	t.Helper()
	listener, err := net.Listen("tcp", oneNode+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return tcpListener{listener.(*net.TCPListener)}
}

func portOf(port uint16) string { return strconv.Itoa(int(port)) }

// elsewhere makes all endpoints of a service be on another node.
func elsewhere(service route.Service) route.Service {
	service.ExternalLocal = true
	service.Ports = slices.Clone(service.Ports)
	service.Ports[0].Endpoints = slices.Clone(service.Ports[0].Endpoints)
	for i := range service.Ports[0].Endpoints {
		service.Ports[0].Endpoints[i].Node = "node-2"
	}
	return service
}
