package engine

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// plainDialer hides that a connection is a UDP socket.
type plainDialer struct{ net.Dialer }

func (d *plainDialer) Dial(ctx context.Context, network string, to *Target) (net.Conn, error) {
	conn, err := d.DialContext(ctx, network, to.Endpoint.Address.String())
	return struct{ net.Conn }{conn}, err
}

// BenchmarkDatagrams has one client keep many datagrams on their way to an
// endpoint and back: one after the other with as many system calls, and in
// batches where the system has them.
func BenchmarkDatagrams(b *testing.B) {
	const onTheWay = 64
	for _, way := range []string{"direct", "plain", "batch"} {
		b.Run(way, func(b *testing.B) {
			to := echo(b)
			if way != "direct" {
				to = throughEngine(b, way, to)
			}
			c := udpClient(b, to)
			_ = c.SetReadBuffer(4 << 20)
			text, buffer := make([]byte, 512), make([]byte, maxDatagram)
			lost := 0
			before := cpuTime()
			b.ResetTimer()
			for sent, back := 0, 0; back+lost < b.N; {
				for ; sent < b.N && sent-back-lost < onTheWay; sent++ {
					c.say(b, string(text))
				}
				_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
				if _, err := c.Read(buffer); err != nil {
					lost = sent - back
					continue
				}
				back++
			}
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(lost), "lost")
		})
	}
}

// cpuTime is what this process used: with other work on the machine it tells
// more than the clock does.
func cpuTime() time.Duration {
	var used unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func throughEngine(b *testing.B, way string, to netip.AddrPort) netip.AddrPort {
	port := freePort(b)
	options := Options{}
	if way == "plain" {
		options.Dialer = &plainDialer{}
	}
	e := start(b, options)
	e.Execute(tableOf(dns(port, to)))
	if way == "plain" {
		server := e.ports[socket{"UDP", at(port)}].server.(*udpServer)
		server.socket.close()
		server.socket = newPlainPackets(listenUDPAt(b, at(port)))
		go server.serve()
	}
	return at(port)
}

// echo answers with what it is told.
func echo(b *testing.B) netip.AddrPort {
	conn := listenUDPAt(b, at(0))
	_ = conn.SetReadBuffer(4 << 20)
	go func() {
		buffer := make([]byte, maxDatagram)
		for {
			n, client, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(buffer[:n], client)
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// BenchmarkSession tells what one client's flow costs that was not answered.
func BenchmarkSession(b *testing.B) {
	port := freePort(b)
	e := start(b, Options{MaxSessions: 1 << 20})
	e.Execute(tableOf(dns(port, silentBackend(b))))
	server := e.ports[socket{"UDP", at(port)}].server.(*udpServer)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	for i := range b.N {
		server.take([]datagram{{
			flow: flow{client: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 1000)},
			data: []byte("?"),
		}})
	}
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := after.HeapInuse + after.StackInuse - before.HeapInuse - before.StackInuse
	b.ReportMetric(float64(used)/float64(b.N), "bytes/session")
}
