package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// silent is an address from which nothing comes back.
func silent(t *testing.T) netip.AddrPort {
	t.Helper()
	address := at(freePort(t))
	listener, err := listenTCP(&binding{way: Way{Protocol: "TCP", Address: address}})
	if err != nil {
		t.Fatal(err)
	}
	fd, err := duplicate(listener)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := setDeaf(fd, true); err != nil {
		t.Fatal(err)
	}
	return address
}

func TestAnEndpointThatDoesNotAnswerIsLeftForAnother(t *testing.T) {
	address := silent(t)
	events := newLog()
	port := freePort(t)
	e := start(t, Options{DialTimeout: 50 * time.Millisecond, Events: events.add, Random: func(int) int { return 0 }})
	e.Execute(tableOf(web(port, address, backend(t, "two"))))
	if got := dial(t, at(port)).line(t); got != "two" {
		t.Errorf("reached %q", got)
	}
	if event := events.await(t, EndpointFailed); !errors.Is(event.Err, os.ErrDeadlineExceeded) || event.Endpoint != address {
		t.Errorf("told %+v", event)
	}
}

// halfAddressed knows the address of one endpoint, and dials the others.
type halfAddressed struct {
	directDialer
	known netip.AddrPort
}

func (d *halfAddressed) Address(to *Target) (netip.AddrPort, bool) {
	return d.known, to.Endpoint.Address == d.known
}

func TestAClientGoesFromAnAddressThatRefusesToAnEndpointThatIsDialed(t *testing.T) {
	port, dead := freePort(t), at(freePort(t))
	ended := make(chan *Access, 1)
	e := start(t, Options{
		Dialer: &halfAddressed{known: dead}, Random: func(int) int { return 0 }, Access: func(a *Access) { ended <- a },
	})
	e.Execute(tableOf(web(port, dead, backend(t, "two"))))
	c := dial(t, at(port))
	c.say(t, "hello")
	_ = c.CloseWrite()
	if got, err := io.ReadAll(c); string(got) != "two\nhello\n" || err != nil {
		t.Errorf("the client heard %q, %v", got, err)
	}
	if a := <-ended; a.Tries != 2 || a.Err != nil || a.Sent != 6 {
		t.Errorf("told %+v", a)
	}
}

func TestASocketThatMeetsItselfIsNoEndpoint(t *testing.T) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	to := at(freePort(t))
	if err := errors.Join(unix.Bind(fd, sockaddr(to)), unix.Connect(fd, sockaddr(to))); err != nil {
		t.Fatal(err)
	}
	p := &pair{loop: &loop{ephemeral: portRange{1, 65535}}, to: to}
	p.endpoint.fd = fd
	if !p.connectedToItself() {
		t.Error("it was taken for an endpoint")
	}
	p.to = at(to.Port() + 1)
	if p.connectedToItself() {
		t.Error("another address was taken for its own")
	}
}

func TestWhatFollowsAnUrgentByteArrives(t *testing.T) {
	heard := make(chan string, 1)
	endpoint := backendOf(t, func(conn net.Conn) {
		defer conn.Close()
		got := make([]byte, 6)
		_, err := io.ReadFull(conn, got)
		heard <- fmt.Sprintf("%s %v", got, err)
	})
	port := freePort(t)
	// All of it is there when the first endpoint is given up.
	e := start(t, Options{DialTimeout: 50 * time.Millisecond, Random: func(int) int { return 0 }})
	e.Execute(tableOf(web(port, silent(t), endpoint)))
	c := dial(t, at(port))
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = control(raw, func(fd int) error {
		_, err := unix.Write(fd, []byte("abc"))
		if err == nil {
			err = unix.Sendto(fd, []byte("!"), unix.MSG_OOB, nil)
		}
		if err == nil {
			_, err = unix.Write(fd, []byte("def"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != "abcdef <nil>" {
		t.Errorf("the endpoint heard %q", got)
	}
}

func TestAClientThatBreaksOffBeforeItsEndpointAnswersIsNotKept(t *testing.T) {
	port := freePort(t)
	ended := make(chan *Access, 1)
	e := start(t, Options{DialTimeout: time.Minute, Access: func(a *Access) { ended <- a }})
	e.Execute(tableOf(web(port, silent(t))))
	abort(dial(t, at(port)))
	if a := <-ended; !errors.Is(a.Err, syscall.ECONNRESET) {
		t.Errorf("told %v", a.Err)
	}
}

func TestAClientThatBreaksOffAfterItsLastWordIsNotKept(t *testing.T) {
	heard := make(chan struct{})
	endpoint := backendOf(t, func(conn net.Conn) {
		defer conn.Close()
		_, _ = io.Copy(io.Discard, conn) // up to the client's end, and no answer
		close(heard)
		<-t.Context().Done()
	})
	port := freePort(t)
	ended := make(chan *Access, 1)
	e := start(t, Options{Access: func(a *Access) { ended <- a }})
	e.Execute(tableOf(web(port, endpoint)))
	c := dial(t, at(port))
	c.say(t, "hello")
	_ = c.CloseWrite()
	<-heard
	abort(c)
	if a := <-ended; !errors.Is(a.Err, syscall.ECONNRESET) || a.Sent != 6 {
		t.Errorf("told %+v", a)
	}
}

// endless is what a client says that has much to say.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestAnAnswerArrivesThoughTheEndpointHearsNoMore(t *testing.T) {
	endpoint := backendOf(t, func(conn net.Conn) {
		_, _ = io.CopyN(io.Discard, conn, 100<<10)
		_, _ = io.WriteString(conn, "too large\n")
		conn.Close() // with a reset, because of what it did not read
	})
	port := freePort(t)
	e := start(t, Options{})
	e.Execute(tableOf(web(port, endpoint)))
	for range 20 {
		c := dial(t, at(port))
		go func() { _, _ = io.Copy(c, io.LimitReader(endless{}, 8<<20)) }()
		if got := c.line(t); got != "too large" {
			t.Fatalf("the client heard %q", got)
		}
		c.Close()
	}
}

func TestAClientThatBreaksOffIsNotKeptForAnEndpointThatTakesNothing(t *testing.T) {
	endpoint := backendOf(t, func(conn net.Conn) {
		defer conn.Close()
		<-t.Context().Done()
	})
	port := freePort(t)
	ended := make(chan *Access, 1)
	e := start(t, Options{Access: func(a *Access) { ended <- a }})
	e.Execute(tableOf(web(port, endpoint)))
	c := dial(t, at(port))
	_ = c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
	if _, err := io.Copy(c, endless{}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	abort(c)
	if a := <-ended; !errors.Is(a.Err, syscall.ECONNRESET) {
		t.Errorf("told %v", a.Err)
	}
}

func TestAStreamGoesOnBehindAnUrgentByte(t *testing.T) {
	for _, ends := range []bool{true, false} {
		t.Run(fmt.Sprintf("that ends %v", ends), func(t *testing.T) {
			p, client, endpoint := lanes(t)
			p.up.full = bulk // so that it is spliced
			const long = 48 << 10
			said := make([]byte, long)
			err := errors.Join(writeAll(client, said), unix.Sendto(client, []byte("!"), unix.MSG_OOB, nil), writeAll(client, []byte("tail")))
			if ends {
				err = errors.Join(err, unix.Shutdown(client, unix.SHUT_WR))
			}
			if err != nil {
				t.Fatal(err)
			}
			p.client.readable, p.client.more = true, true // as epoll tells
			for more := true; more; {
				if more, err = p.up.run(p); err != nil {
					t.Fatal(err)
				}
			}
			if p.up.over != ends {
				t.Errorf("over: %v", p.up.over)
			}
			got := make([]byte, long+100)
			n := 0
			for n < long+4 {
				more, err := unix.Read(endpoint, got[n:])
				if err != nil || more == 0 {
					break
				}
				n += more
			}
			if n != long+4 || string(got[n-4:n]) != "tail" {
				t.Errorf("the endpoint heard %d bytes of %d", n, long+4)
			}
		})
	}
}

func writeAll(fd int, b []byte) error {
	n, err := unix.Write(fd, b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}

// lanes is a pair that no loop watches, with the other ends of its sockets.
func lanes(t *testing.T) (p *pair, client, server int) {
	t.Helper()
	e := start(t, Options{})
	l, err := newLoop(e, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	p = newPair(&loopServer{engine: e}, l, -1)
	p.visit = &visit{engine: e, node: &nodePort{}, endpoint: &endpoint{}}
	client, p.client.fd = connected(t)
	server, p.endpoint.fd = connected(t)
	p.endpoint.writable = true
	return p, client, server
}

// connected is both ends of a connection; the second does not wait.
func connected(t *testing.T) (one, other int) {
	t.Helper()
	listener := occupy(t)
	conn := dial(t, listener.Addr())
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if one, err = duplicate(conn); err == nil {
		other, err = duplicate(accepted.(*net.TCPConn))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = unix.Close(one), unix.Close(other) })
	_ = unix.SetNonblock(one, false)
	return one, other
}

func TestConnectionsThatComeSlowlyAreSpreadOverTheLoops(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(5))
	port := freePort(t)
	e := start(t, Options{})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	var clients []*client
	for range 40 {
		c := dial(t, at(port))
		c.line(t)
		clients = append(clients, c)
	}
	for i, l := range e.loops.all {
		if n := l.pairs.Load(); n < 5 || n > 20 {
			t.Errorf("loop %d has %d of 40", i, n)
		}
	}
	for _, c := range clients {
		_ = c.CloseWrite()
		_, _ = io.ReadAll(c)
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, l := range e.loops.all {
		if l.pairs.Load() != 0 || l.young != 0 {
			t.Errorf("loop %d still counts %d, of which %d are young", i, l.pairs.Load(), l.young)
		}
	}
}

func TestAClientThatIsHandedOverIsProbedAsOthersAre(t *testing.T) {
	port := freePort(t)
	e := start(t, Options{Dialer: &halfAddressed{}})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	dial(t, at(port)).line(t)
	e.open.mu.Lock()
	defer e.open.mu.Unlock()
	for c := range e.open.all {
		raw, err := c.(*connection).client.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = control(raw, func(fd int) error {
			idle, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE)
			if err != nil || time.Duration(idle)*time.Second != keepAliveIdle {
				t.Errorf("probed after %d seconds, %v", idle, err)
			}
			return nil
		})
	}
}

func TestAnIPv6NodeLeadsToAnIPv6Endpoint(t *testing.T) {
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("skipped: no IPv6 here: %v", err)
	}
	defer listener.Close()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_, _ = io.WriteString(conn, "six\n")
			_ = conn.Close()
		}
	}()
	port := freePort(t)
	service := web(port, listener.Addr().(*net.TCPAddr).AddrPort())
	service.ClusterIPs = []netip.Addr{netip.MustParseAddr("fd00::1")}
	ended := make(chan *Access, 1)
	e := start(t, Options{Access: func(a *Access) { ended <- a }})
	e.Execute(&route.Table{Nodes: []route.Node{nodeAt("node-1", "::1")}, Services: []route.Service{service}})
	c := dial(t, netip.AddrPortFrom(netip.IPv6Loopback(), port))
	if got := c.line(t); got != "six" {
		t.Errorf("reached %q", got)
	}
	_ = c.CloseWrite()
	if a := <-ended; a.Client.String() != c.LocalAddr().String() || a.Err != nil {
		t.Errorf("told %+v", a)
	}
}

func TestAConnectionMayBeCutBeforeItHasBegun(t *testing.T) {
	port := freePort(t)
	ended := make(chan *Access, 1)
	e := start(t, Options{Access: func(a *Access) { ended <- a }})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	s := e.ports[socket{"TCP", at(port)}].server.(*loopServer)
	_, client := connected(t)
	fd, err := unix.Dup(client) // which the engine closes
	if err != nil {
		t.Fatal(err)
	}
	p := s.admit(e.loops.all[0], fd)
	p.cut() // by another goroutine than that which is about to post its begin
	p.loop.post(func() { p.begin(netip.AddrPortFrom(netip.IPv4Unspecified(), 1)) })
	if a := <-ended; a.Err == nil {
		t.Error("it was not cut")
	}
}

func TestAPortThatHadNoDescriptorsTakesClientsAgainAfterAWhile(t *testing.T) {
	port := freePort(t)
	e := start(t, Options{})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	s := e.ports[socket{"TCP", at(port)}].server.(*loopServer)
	s.rest(syscall.EMFILE)
	if got := dial(t, at(port)).line(t); got != "one" {
		t.Errorf("reached %q", got)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.pause != 0 {
		t.Errorf("it would rest for %v and more", s.pause)
	}
}

func TestConnectionsAreCutWhenTheEngineMayNotWait(t *testing.T) {
	port := freePort(t)
	var told *Access
	e := New(Options{Access: func(a *Access) { told = a }})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	c := dial(t, at(port))
	c.line(t)
	if err := e.Shutdown(canceled(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown returned %v", err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client met %v", err)
	}
	if told == nil || !errors.Is(told.Err, errCut) {
		t.Errorf("told %+v", told)
	}
}
