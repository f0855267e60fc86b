package rig

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/assets"
	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/internal/process"
)

// newNetwork returns the hosts of a cluster that runs no Kubernetes: a client
// and a node.
func newNetwork(t *testing.T) *Cluster {
	t.Helper()
	o := newOptions(clusterLevel, []Option{Nodes(1)})
	if err := requirements(o); err != nil {
		skip(t, o.Level, err)
	}
	s, dir, err := newState(assets.Cache{Dir: t.TempDir()}, o, false)
	must(t, err)
	parent, err := process.Launch(s.config(dir))
	must(t, err)
	t.Cleanup(func() { must(t, parent.End(process.Ending{})) })
	s.Parent = parent.Identity
	c := &Cluster{state: s, dir: dir, parent: parent}
	c.client, err = c.Host("client")
	must(t, err)
	c.nodes = []*Node{c.newNode(1)}
	must(t, c.makeNetwork())
	return c
}

// echoUDP answers the datagrams that reach a port of the node, and returns a
// socket of the client that is connected to it.
func echoUDP(t *testing.T, c *Cluster) net.Conn {
	t.Helper()
	addr := netip.AddrPortFrom(c.Node(1).Addr(), 7).String()
	server, err := c.Node(1).ListenPacket(t.Context(), "udp", addr)
	must(t, err)
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(buffer[:n], from)
		}
	}()
	client, err := c.Client().DialContext(t.Context(), "udp", addr)
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// ping returns how long a datagram takes to the node and back.
func ping(t *testing.T, echo net.Conn, datagram []byte) time.Duration {
	t.Helper()
	start := time.Now()
	must(t, echo.SetDeadline(start.Add(20*time.Second)))
	_, err := echo.Write(datagram)
	must(t, err)
	answer := make([]byte, 1<<16)
	n, err := echo.Read(answer)
	must(t, err)
	if !bytes.Equal(answer[:n], datagram) {
		t.Errorf("of %d bytes %d came back, or others", len(datagram), n)
	}
	return time.Since(start)
}

func TestDelayedLinkAddsToTheRoundTrip(t *testing.T) {
	c := newNetwork(t)
	echo := echoUDP(t, c)
	before := ping(t, echo, []byte("hello"))
	mend := c.Node(1).Delay(t, 300*time.Millisecond)
	for range 3 {
		if took := ping(t, echo, []byte("hello")); took < 300*time.Millisecond {
			t.Errorf("a round trip takes %s", took)
		}
	}
	mend()
	// No upper limit on one round trip holds on a busy machine; one of many
	// is fast.
	var after []time.Duration
	for range 20 {
		after = append(after, ping(t, echo, []byte("hello")))
	}
	if fastest := slices.Min(after); fastest >= 300*time.Millisecond {
		t.Errorf("a round trip takes %s afterwards, %s before", fastest, before)
	}
}

func TestLossyLinkLosesItsShare(t *testing.T) {
	c := newNetwork(t)
	echo := echoUDP(t, c)
	ping(t, echo, []byte("hello"))
	mend := c.Node(1).Lose(t, 30)
	const n = 500
	for i := range n {
		_, err := echo.Write([]byte{byte(i >> 8), byte(i)})
		must(t, err)
		time.Sleep(time.Millisecond) // so that sockets and queues lose none
	}
	received := 0
	must(t, echo.SetReadDeadline(time.Now().Add(2*time.Second)))
	for answer := make([]byte, 10); received < n; received++ {
		if _, err := echo.Read(answer); err != nil {
			break
		}
	}
	// 49 of 100 survive both directions.
	if received < n*35/100 || received > n*65/100 {
		t.Errorf("%d of %d datagrams came back", received, n)
	}
	mend()
	ping(t, echo, []byte("hello"))
}

func TestPacketsCrossTheLinkWhole(t *testing.T) {
	c := newNetwork(t)
	echo := echoUDP(t, c)
	c.Node(1).Delay(t, 20*time.Millisecond)
	for _, size := range []int{1, 1472, 1473, 8000, 60000} { // 1500 is the MTU, with 28 of headers
		ping(t, echo, bytes.Repeat([]byte{0xa5}, size))
	}
}

// A stream is retransmitted, segmented and summed by the kernels at its ends,
// and is the same behind a link that loses and delays packets.
func TestStreamCrossesABadLinkUnchanged(t *testing.T) {
	c := newNetwork(t)
	l, err := c.Node(1).Listen(t.Context(), "tcp", netip.AddrPortFrom(c.Node(1).Addr(), 9).String())
	must(t, err)
	defer l.Close()
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			go func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	client, err := c.Client().DialContext(t.Context(), "tcp", l.Addr().String())
	must(t, err)
	defer client.Close()
	c.Node(1).Impair(t, Conditions{RoundTrip: 20 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 1, Seed: 1})
	must(t, client.SetDeadline(time.Now().Add(time.Minute)))
	sent, received := sha256.New(), sha256.New()
	const size = 4 << 20
	go func() {
		stream := io.LimitReader(rand.NewChaCha8([32]byte{1}), size)
		_, _ = io.Copy(client, io.TeeReader(stream, sent))
		_ = client.(*net.TCPConn).CloseWrite()
	}()
	n, err := io.Copy(received, client)
	if err != nil || n != size || !bytes.Equal(sent.Sum(nil), received.Sum(nil)) {
		t.Errorf("%d of %d bytes came back, or others: %v", n, size, err)
	}
}

func TestLinkIsUndoneAndCanBeHadAgain(t *testing.T) {
	c := newNetwork(t)
	before := interfaces(t, c)
	echo := echoUDP(t, c)
	for range 2 {
		t.Run("impaired", func(t *testing.T) {
			c.Node(1).Lose(t, 0)
			ping(t, echo, []byte("hello"))
			if err := c.Node(1).ImpairLink(Conditions{}); err == nil {
				t.Error("a link is impaired twice at once")
			}
			c.Client().Delay(t, time.Millisecond)
			ping(t, echo, []byte("hello"))
		})
		ping(t, echo, []byte("hello"))
		if after := interfaces(t, c); after != before {
			t.Errorf("the rig has interfaces\n%s, and had\n%s", after, before)
		}
	}
}

// interfaces returns the names of the interfaces in the rig's own network, and
// the bridges that they are plugged into.
func interfaces(t *testing.T, c *Cluster) string {
	t.Helper()
	r, err := c.parent.Run(process.Spec{Args: []string{"sh", "-ec", "cd /proc/net && cat dev | cut -d: -f1 | tail -n +3 | sort; bridge link | sed 's/^[0-9]*: //'"}})
	must(t, errors.Join(err, r.Err(process.Spec{Args: []string{"list interfaces"}})))
	return string(r.Output)
}

func TestCutLinkStaysCutWhenItIsSlow(t *testing.T) {
	c := newNetwork(t)
	echo := echoUDP(t, c)
	ping(t, echo, []byte("hello"))
	c.Node(1).Delay(t, time.Millisecond)
	mend := c.Node(1).Cut(t)
	_, err := echo.Write([]byte("hello"))
	must(t, err)
	must(t, echo.SetReadDeadline(time.Now().Add(time.Second/2)))
	if _, err := echo.Read(make([]byte, 10)); err == nil {
		t.Error("a node without a link answers")
	}
	mend()
	ping(t, echo, []byte("hello"))
}
