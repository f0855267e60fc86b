package parity

import (
	"bufio"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What a client met, when not an endpoint.
const (
	refused  = "refused"
	timedOut = "timed out"
	cut      = "cut"
)

// caller makes the connections to one node's port from one family.
type caller struct {
	node     *node
	family   byte
	scenario placed
	patience time.Duration
}

// call is a connection, or the socket of a flow.
type call struct {
	net.Conn
	udp      bool
	patience time.Duration
	lines    *bufio.Reader
	// met is the endpoint that answered, or what happened instead.
	met string
}

// connect makes a connection from one of the client's addresses and asks who is there.
func (c caller) connect(client int) *call {
	network := strings.ToLower(c.scenario.Protocol)
	ip := netip.MustParseAddr(c.node.client(c.family, client))
	to := netip.AddrPortFrom(netip.MustParseAddr(c.node.address(c.family)), uint16(c.scenario.nodePort()))
	dialer := net.Dialer{Timeout: c.patience, KeepAlive: -1}
	if network == "udp" {
		dialer.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))
	} else {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))
	}
	conn, err := dialer.Dial(network, to.String())
	if err != nil {
		return &call{met: what(err)}
	}
	made := &call{Conn: conn, udp: network == "udp", patience: c.patience, lines: bufio.NewReader(conn)}
	made.met = made.ask()
	if made.udp && made.met != refused && made.met != timedOut {
		if again := made.ask(); again != made.met {
			made.met = made.met + ", then " + again
		}
	}
	return made
}

// ask asks who is there.
func (c *call) ask() string {
	_ = c.SetDeadline(time.Now().Add(c.patience))
	if _, err := c.Write([]byte("?")); err != nil {
		return what(err)
	}
	var text string
	var err error
	if c.udp {
		buffer := make([]byte, 100)
		var n int
		n, err = c.Read(buffer)
		text = string(buffer[:n])
	} else {
		text, err = c.lines.ReadString('\n')
	}
	if err != nil {
		return what(err)
	}
	address, err := netip.ParseAddrPort(strings.TrimSpace(text))
	if err != nil {
		return err.Error()
	}
	return named(address)
}

// end closes the connection, without a trace of it in the kernel.
func (c *call) end() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	if c.Conn != nil {
		_ = c.Close()
	}
}

func what(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	case errors.Is(err, os.ErrDeadlineExceeded):
		return timedOut
	}
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return timedOut
	}
	return cut
}

// connectAll makes n connections at a time from addresses of the client in turn.
func (c caller) connectAll(first, n int) []*call {
	calls := make([]*call, n)
	var wait sync.WaitGroup
	for i := range calls {
		wait.Go(func() { calls[i] = c.connect((first + i) % clients) })
	}
	wait.Wait()
	return calls
}

// end closes connections.
func end(calls []*call) {
	for _, c := range calls {
		c.end()
	}
}

// met returns what calls met, with what is known already, each once and in order.
func met(calls []*call, known ...string) []string {
	all := slices.Clone(known)
	for _, c := range calls {
		all = append(all, c.met)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
