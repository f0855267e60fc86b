package engine

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestTheStatusServerOpensLoopbackAddressesOnly(t *testing.T) {
	for _, ip := range beyondLoopback(t) {
		e := start(t, Options{ListenAddresses: []netip.Addr{ip}})
		closeStatus, err := e.ServeStatus(netip.AddrPortFrom(ip, freePort(t)))
		if notAllowed := (*NotAllowedError)(nil); !errors.As(err, &notAllowed) {
			t.Errorf("%s: got %v", ip, err)
		}
		if err == nil {
			closeStatus()
		}
	}
}

func TestTheStatusServerServesFewClientsAtATime(t *testing.T) {
	listener, err := net.Listen("tcp", at(0).String())
	if err != nil {
		t.Fatal(err)
	}
	slots := make(chan struct{}, 2)
	limited := &limitedListener{Listener: listener, slots: slots, closed: make(chan struct{})}
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for conn, err := limited.Accept(); err == nil; conn, err = limited.Accept() {
			accepted <- conn
		}
	}()
	for range 5 {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	first, second := <-accepted, <-accepted
	defer second.Close()
	if len(slots) != cap(slots) {
		t.Errorf("%d of %d slots are taken", len(slots), cap(slots))
	}
	select {
	case <-accepted:
		t.Fatal("a third client is served")
	default:
	}
	first.Close()
	first.Close() // frees its slot once
	third := <-accepted
	defer third.Close()
	if len(slots) != cap(slots) {
		t.Errorf("%d of %d slots are taken", len(slots), cap(slots))
	}
	limited.Close()
	for conn := range accepted {
		conn.Close()
	}
}

func TestTheStatusServerKeepsNoIdleClient(t *testing.T) {
	address := at(freePort(t))
	e := start(t, Options{})
	closeStatus, err := e.ServeStatus(address)
	if err != nil {
		t.Fatal(err)
	}
	defer closeStatus()
	client := dial(t, address)
	client.say(t, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r")
	answer, err := io.ReadAll(client)
	if err != nil || !strings.Contains(string(answer), "Connection: close") {
		t.Errorf("answered %q, %v", answer, err)
	}
}

func TestTheStatusServerRefusesLargeHeaders(t *testing.T) {
	address := at(freePort(t))
	e := start(t, Options{})
	closeStatus, err := e.ServeStatus(address)
	if err != nil {
		t.Fatal(err)
	}
	defer closeStatus()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address.String()+"/healthz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Long", strings.Repeat("x", 2*httpHeaderBytes))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return // the server may close the connection before it has read all
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("answered %s", response.Status)
	}
}
