//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/engine"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// What a client asks for by its first message, which is of messageSize bytes:
// the first byte is one of these.
const (
	askEcho = 'e' // every message back
	askOnce = 'o' // this message back, and the end
	askBulk = 'b' // as many bytes as the next eight say

	messageSize = 128
)

// backend answers on one address, by TCP and UDP.
func backend(ctx context.Context, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	packets, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _, _ = listener.Close(), packets.Close() })
	go echoPackets(packets)
	zeros := make([]byte, 256<<10)
	for {
		conn, err := listener.Accept()
		if err != nil {
			return nil
		}
		go answer(conn, zeros)
	}
}

func echoPackets(packets net.PacketConn) {
	buffer := make([]byte, 2048)
	for {
		n, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		_, _ = packets.WriteTo(buffer[:n], from)
	}
}

func answer(conn net.Conn, zeros []byte) {
	defer conn.Close()
	message := make([]byte, messageSize)
	for {
		if _, err := io.ReadFull(conn, message); err != nil {
			return
		}
		if message[0] == askBulk {
			sendZeros(conn, zeros, int(binary.BigEndian.Uint64(message[1:])))
			return
		}
		if _, err := conn.Write(message); err != nil || message[0] == askOnce {
			return
		}
	}
}

func sendZeros(conn net.Conn, zeros []byte, n int) {
	for n > 0 {
		part := min(n, len(zeros))
		if _, err := conn.Write(zeros[:part]); err != nil {
			return
		}
		n -= part
	}
}

// engineRelay is the engine with one service: a node port on from that leads to to.
func engineRelay(ctx context.Context, from, to string) error {
	at, endpoint := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	service := route.Service{
		Namespace: "bench", Name: "web", Type: "NodePort", ClusterIPs: []netip.Addr{netip.MustParseAddr("10.3.11.5")},
	}
	for _, protocol := range []string{"TCP", "UDP"} {
		service.Ports = append(service.Ports, route.Port{
			Name: protocol, Protocol: protocol, NodePort: at.Port(), Port: 82,
			Endpoints: []route.Endpoint{{Address: endpoint, Ready: true, Serving: true}},
		})
	}
	engine.SpareProcessor()
	e := engine.New(engine.Options{MaxConnections: 1 << 20, MaxSessions: 1 << 20, ListenAddresses: []netip.Addr{at.Addr()}})
	e.Execute(&route.Table{
		Nodes:    []route.Node{{Name: "n1", Addresses: []route.Address{{Host: at.Addr().String(), IP: at.Addr()}}}},
		Services: []route.Service{service},
	})
	<-ctx.Done()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = e.Shutdown(ended)
	return nil
}
