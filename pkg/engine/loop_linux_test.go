package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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
	p := &pair{to: to}
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

func TestAPortThatHadNoDescriptorsTakesClientsAgainAfterAWhile(t *testing.T) {
	port := freePort(t)
	e := start(t, Options{})
	e.Execute(tableOf(web(port, backend(t, "one"))))
	s := e.ports[socket{"TCP", at(port)}].server.(*loopServer)
	s.rest()
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
