package cli

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// served is a table of one service that leads from node ports on loopback
// addresses to a ready endpoint.
func served(port uint16, protocol string, nodes ...string) *route.Table {
	table := &route.Table{}
	for _, ip := range nodes {
		address := route.Address{Host: ip, IP: netip.MustParseAddr(ip)}
		table.Nodes = append(table.Nodes, route.Node{Name: ip, Addresses: []route.Address{address}})
	}
	table.Services = []route.Service{{
		Name: "web", ClusterIPs: []netip.Addr{netip.MustParseAddr("10.3.11.5")},
		Ports: []route.Port{{
			Protocol: protocol, NodePort: port,
			Endpoints: []route.Endpoint{{Address: netip.MustParseAddrPort("10.2.1.7:300"), Ready: true}},
		}},
	}}
	return table
}

func TestSettleTriesTheFirstNodesThatShouldAnswer(t *testing.T) {
	table := served(30033, "TCP", "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
	table.Nodes[0].Problem = "NotReady"
	var hosts []string
	for _, target := range (&wait{table: table}).targets() {
		hosts = append(hosts, target.Host)
	}
	if diff := cmp.Diff([]string{"127.0.0.2", "127.0.0.3", "127.0.0.4"}, hosts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if targets := (&wait{table: served(30053, "UDP", "127.0.0.1")}).targets(); targets != nil {
		t.Errorf("datagrams are sent to %v", targets)
	}
}

func TestSettleEndsWhenThePortIsOpened(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := held.Addr().(*net.TCPAddr)
	held.Close()
	done := make(chan struct{})
	go func() {
		(&wait{table: served(uint16(address.Port), "TCP", "127.0.0.1")}).settle(t.Context())
		close(done)
	}()
	select {
	case <-done:
		t.Fatal("it ended while the port was closed")
	case <-time.After(2 * settlePause):
	}
	opened, err := net.ListenTCP("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	go func() {
		if conn, err := opened.Accept(); err == nil {
			conn.Close()
		}
	}()
	<-done
}

func TestSettleDoesNotOutliveItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	(&wait{table: served(1, "TCP", "127.0.0.1")}).settle(ctx)
	if took := time.Since(start); took >= settleLimit {
		t.Errorf("it went on for %s", took)
	}
}
