package engine

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
)

func TestProxyHeader(t *testing.T) {
	for _, c := range []struct {
		name          string
		version       int
		protocol      string
		client, asked string
		want          string
	}{
		{"version 1", 1, "TCP", "192.0.2.1:40000", "127.0.0.1:30033", "PROXY TCP4 192.0.2.1 127.0.0.1 40000 30033\r\n"},
		{"version 1, IPv6", 1, "TCP", "[2001:db8::1]:40000", "[::1]:30033", "PROXY TCP6 2001:db8::1 ::1 40000 30033\r\n"},
		{"version 1 has no UDP", 1, "UDP", "192.0.2.1:40000", "127.0.0.1:30033", "PROXY UNKNOWN\r\n"},
		{"version 2", 2, "TCP", "192.0.2.1:40000", "127.0.0.1:30033",
			"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\x7f\x00\x00\x01\x9c\x40\x75\x51"},
		{"version 2, UDP", 2, "UDP", "192.0.2.1:40000", "127.0.0.1:30033",
			"\r\n\r\n\x00\r\nQUIT\n\x21\x12\x00\x0c\xc0\x00\x02\x01\x7f\x00\x00\x01\x9c\x40\x75\x51"},
		{"version 2, IPv6", 2, "TCP", "[2001:db8::1]:40000", "[::1]:30033",
			"\r\n\r\n\x00\r\nQUIT\n\x21\x21\x00\x24 \x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
				"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x9c\x40\x75\x51"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := proxyHeader(c.version, c.protocol, netip.MustParseAddrPort(c.client), netip.MustParseAddrPort(c.asked))
			if string(got) != c.want {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestTheEndpointIsToldTheClient(t *testing.T) {
	echo := backendOf(t, func(conn net.Conn) { defer conn.Close(); _, _ = io.Copy(conn, conn) })
	port := freePort(t)
	e := start(t, Options{ProxyProtocol: 1})
	e.Execute(tableOf(web(port, echo)))
	c := dial(t, at(port))
	want := fmt.Sprintf("PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r", c.LocalAddr().(*net.TCPAddr).Port, port)
	if got := c.line(t); got != want {
		t.Errorf("the endpoint heard %q, want %q", got, want)
	}
}
