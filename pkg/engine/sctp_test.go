package engine

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// sctp makes a web service one of SCTP.
func sctp(service route.Service) route.Service {
	service.Ports[0].Protocol = "SCTP"
	return service
}

// Where the kernel has no SCTP, that is what is tested; test/sctp runs this test
// in a kernel that has it.
func TestSCTPIsServedOrSaidToBeUnsupported(t *testing.T) {
	listener, err := listenSCTP(at(0))
	events := newLog()
	port := freePort(t)
	e := start(t, Options{Events: events.add})
	if errors.Is(err, errors.ErrUnsupported) {
		e.Execute(tableOf(sctp(web(port, at(1)))))
		if event := events.await(t, PortUnsupported); event.Way.Address != at(port) {
			t.Errorf("told %+v", event)
		}
		if os.Getenv("NODEPORT_TEST_SCTP") != "" {
			t.Errorf("the kernel should have SCTP: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func(conn net.Conn) {
				defer conn.Close()
				buffer := make([]byte, 100)
				for n, err := conn.Read(buffer); err == nil; n, err = conn.Read(buffer) {
					_, _ = conn.Write(buffer[:n])
				}
			}(conn)
		}
	}()
	e.Execute(tableOf(sctp(web(port, listener.Addr().(*net.TCPAddr).AddrPort()))))
	conn, err := dialSCTP(at(port), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 100)
	if n, err := conn.Read(buffer); err != nil || string(buffer[:n]) != "hello" {
		t.Errorf("the endpoint echoed %q, %v", buffer[:n], err)
	}
}
