package engine

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAResetPassesThrough(t *testing.T) {
	ended := make(chan error, 1)
	reset := backendOf(t, func(conn net.Conn) { abort(conn) })
	waits := backendOf(t, func(conn net.Conn) {
		_, _ = conn.Write([]byte("hello\n"))
		_, err := io.Copy(io.Discard, conn)
		ended <- err
	})
	t.Run("from the endpoint to the client", func(t *testing.T) {
		port := freePort(t)
		e := start(t, Options{Strict: true})
		e.Execute(tableOf(web(port, reset)))
		if err := fate(t, at(port)); !wasReset(err) {
			t.Errorf("the client met %v", err)
		}
	})
	t.Run("from the client to the endpoint", func(t *testing.T) {
		port := freePort(t)
		e := start(t, Options{})
		e.Execute(tableOf(web(port, waits)))
		c := dial(t, at(port))
		c.line(t)
		abort(c)
		if err := <-ended; !wasReset(err) {
			t.Errorf("the endpoint read %v", err)
		}
	})
}

func TestAStrictFailureIsAReset(t *testing.T) {
	port := freePort(t)
	e := start(t, Options{Strict: true, Random: func(int) int { return 0 }})
	e.Execute(tableOf(web(port, at(freePort(t)), backend(t, "two"))))
	if err := fate(t, at(port)); !wasReset(err) {
		t.Errorf("the client met %v", err)
	}
}

// fate is what becomes of a connection on which nothing is said.
func fate(t testing.TB, address netip.AddrPort) error {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address.String(), 10*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, err = conn.Read(make([]byte, 1))
	return err
}

// side is one end of a relayed connection in FuzzRelay: what it says, in
// pieces, and whether it waits for the other's end before it says its own.
type side struct {
	says   []byte
	pieces uint8
	last   bool
}

func (s side) speak(conn *net.TCPConn, heard <-chan struct{}) {
	for rest := s.says; len(rest) > 0; {
		n := min(len(rest), 1+int(s.pieces)*97)
		if _, err := conn.Write(rest[:n]); err != nil {
			return
		}
		rest = rest[n:]
	}
	if s.last {
		<-heard
	}
	_ = conn.CloseWrite()
}

// hear runs both halves of a side and returns all that it heard.
func (s side) hear(conn *net.TCPConn) ([]byte, error) {
	heard, spoken := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(spoken)
		s.speak(conn, heard)
	}()
	got, err := io.ReadAll(conn)
	close(heard)
	<-spoken
	return got, err
}

// FuzzRelay has client and endpoint say something in pieces and end in either
// order. The model is a pipe: each hears what the other said, and then its end.
func FuzzRelay(f *testing.F) {
	f.Add(uint32(0), uint32(0), uint8(0), uint8(0), uint8(0))
	f.Add(uint32(5), uint32(7), uint8(1), uint8(0), uint8(1))
	f.Add(uint32(100_000), uint32(3_000_000), uint8(255), uint8(200), uint8(2))
	f.Add(uint32(9_000_000), uint32(20_000), uint8(255), uint8(1), uint8(0))
	f.Add(uint32(9_000_000), uint32(20_000), uint8(255), uint8(1), uint8(2))
	f.Add(uint32(20_000), uint32(9_000_000), uint8(1), uint8(255), uint8(1))
	said := make(chan side, 1)
	heard := make(chan []byte, 1)
	endpoint := backendOf(f, func(conn net.Conn) {
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		got, err := (<-said).hear(conn.(*net.TCPConn))
		if err != nil {
			got = []byte(err.Error())
		}
		heard <- got
	})
	port := freePort(f)
	e := start(f, Options{})
	e.Execute(tableOf(web(port, endpoint)))
	f.Fuzz(func(t *testing.T, up, down uint32, upPieces, downPieces, order uint8) {
		const most = 10 << 20
		client := side{says: noise(up % most), pieces: upPieces, last: order%3 == 1}
		server := side{says: noise(down % most), pieces: downPieces, last: order%3 == 2}
		said <- server
		got, err := client.hear(dial(t, at(port)).TCPConn)
		if err != nil || !bytes.Equal(got, server.says) {
			t.Errorf("the client heard %d bytes of %d: %v", len(got), len(server.says), err)
		}
		if got := <-heard; !bytes.Equal(got, client.says) {
			t.Errorf("the endpoint heard %d bytes of %d", len(got), len(client.says))
		}
	})
}

func noise(n uint32) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
}

func TestAClientThatDoesNotReadHoldsNoMemory(t *testing.T) {
	flood := backendOf(t, func(conn net.Conn) {
		defer conn.Close()
		for {
			if _, err := conn.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	port := freePort(t)
	e := start(t, Options{})
	e.Execute(tableOf(web(port, flood)))
	c := dial(t, at(port))
	_ = c.SetReadBuffer(4 << 10)
	// The endpoint is stopped by what the kernel holds for the two connections.
	received := func() int64 { return e.Status().Ports[0].Nodes[0].Received }
	before := int64(-1)
	for now := received(); now != before || now == 0; now = received() {
		before = now
		time.Sleep(50 * time.Millisecond) // until nothing moves
	}
	if before > 64<<20 {
		t.Errorf("%d bytes were taken for a client that reads none", before)
	}
}

func TestEndsOfConnectionsAreTold(t *testing.T) {
	port := freePort(t)
	var mu sync.Mutex
	var told []*Access
	e := New(Options{Access: func(a *Access) { mu.Lock(); told = append(told, a); mu.Unlock() }})
	endpoint := backend(t, "one")
	e.Execute(tableOf(web(port, endpoint)))
	c := dial(t, at(port))
	c.say(t, "hello")
	_ = c.CloseWrite()
	_, _ = io.ReadAll(c)
	if err := e.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 {
		t.Fatalf("%d were told", len(told))
	}
	a := told[0]
	if a.Sent != 6 || a.Received != 10 || a.Tries != 1 || a.Err != nil || a.Endpoint.Address != endpoint ||
		a.Client.String() != c.LocalAddr().String() || a.Way.Service != "web" || a.Way.Address != at(port) {
		t.Errorf("told %+v", a)
	}
}

// probed is a connection that notes when keep-alive was asked for.
type probed struct {
	net.Conn
	at time.Time
}

func (p *probed) SetKeepAliveConfig(net.KeepAliveConfig) error {
	p.at = time.Now()
	return nil
}

func TestOnlyConnectionsThatLastAreProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		var short, long probed
		keepAlive(&short).Stop()
		keepAlive(&long)
		time.Sleep(keepAliveIdle)
		synctest.Wait()
		if !short.at.IsZero() || long.at.Sub(started) != keepAliveIdle/2 {
			t.Errorf("probed the short one at %v, the long one after %v", short.at, long.at.Sub(started))
		}
	})
}
