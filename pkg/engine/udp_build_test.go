package engine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// dns is a service of one UDP port with ready endpoints.
func dns(nodePort uint16, endpoints ...netip.AddrPort) route.Service {
	service := web(nodePort, endpoints...)
	service.Name, service.Ports[0].Protocol = "dns", "UDP"
	return service
}

// udpBackend answers each datagram with its name and what it was told.
func udpBackend(t testing.TB, name string) netip.AddrPort {
	t.Helper()
	return udpBackendAt(t, at(0), name)
}

func udpBackendAt(t testing.TB, address netip.AddrPort, name string) netip.AddrPort {
	t.Helper()
	conn := listenUDPAt(t, address)
	go func() {
		buffer := make([]byte, maxDatagram)
		for {
			n, client, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(append([]byte(name+" "), buffer[:n]...), client)
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// silentBackend hears and does not answer.
func silentBackend(t testing.TB) netip.AddrPort {
	t.Helper()
	return listenUDPAt(t, at(0)).LocalAddr().(*net.UDPAddr).AddrPort()
}

func listenUDPAt(t testing.TB, address netip.AddrPort) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// udpPeer is a client's socket.
type udpPeer struct{ *net.UDPConn }

func udpClient(t testing.TB, address netip.AddrPort) udpPeer {
	t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return udpPeer{conn}
}

func (c udpPeer) say(t testing.TB, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func (c udpPeer) hear(within time.Duration) (string, error) {
	buffer := make([]byte, maxDatagram)
	_ = c.SetReadDeadline(time.Now().Add(within))
	n, err := c.Read(buffer)
	return string(buffer[:n]), err
}

func (c udpPeer) ask(t testing.TB, text string) string {
	t.Helper()
	c.say(t, text)
	answer, err := c.hear(10 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// refused asks until an error comes.
func (c udpPeer) refused(t testing.TB) error {
	t.Helper()
	_, _ = c.Write([]byte("?"))
	_, err := c.hear(10 * time.Second)
	return err
}

// endpoint is the one that the client's flow has.
func (c udpPeer) endpoint(e *Engine) netip.AddrPort {
	e.sessions.mu.Lock()
	defer e.sessions.mu.Unlock()
	for s := range e.sessions.all {
		if s.known.flow.client == c.LocalAddr().(*net.UDPAddr).AddrPort() {
			return s.endpoint
		}
	}
	return netip.AddrPort{}
}

// accessLog collects what is told of flows that ended.
type accessLog struct{ all chan *Access }

func newAccessLog() *accessLog { return &accessLog{make(chan *Access, 1000)} }

func (l *accessLog) add(a *Access) { l.all <- a }

func (l *accessLog) await(t testing.TB) *Access {
	t.Helper()
	select {
	case a := <-l.all:
		return a
	case <-time.After(10 * time.Second):
		t.Fatal("no flow ended")
		return nil
	}
}

// slowDialer has those wait that send to first, as long as until is open.
type slowDialer struct {
	net.Dialer
	until, first chan struct{}
}

func (d *slowDialer) Dial(ctx context.Context, network string, to *Target) (net.Conn, error) {
	select {
	case <-d.first:
		<-d.first
		select {
		case <-d.until:
		case <-ctx.Done():
			return nil, errors.New("too slow")
		}
	default:
	}
	return d.DialContext(ctx, network, to.Endpoint.Address.String())
}

// fakeClock goes when it is told to.
type fakeClock struct {
	mu   sync.Mutex
	time time.Duration
}

func (c *fakeClock) now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *fakeClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time += d
}
