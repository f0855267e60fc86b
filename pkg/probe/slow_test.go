package probe

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const roundTrip = 600 * time.Millisecond

// slowProber returns a prober that reaches a server over a slow network. The
// server runs serve one round trip after the client has connected.
func slowProber(serve func(net.Conn)) *Prober {
	return &Prober{Dial: func(context.Context, string, string) (net.Conn, error) {
		time.Sleep(roundTrip)
		client, server := net.Pipe()
		go func() {
			time.Sleep(roundTrip)
			serve(server)
			_ = server.Close()
		}()
		return client, nil
	}}
}

func TestBannerOverASlowNetwork(t *testing.T) {
	for want, serve := range map[Answer]func(net.Conn){
		{Kind: Banner, Text: "hello"}: func(conn net.Conn) { _, _ = conn.Write([]byte("hello\n")) },
		{Kind: Closed}:                func(net.Conn) {},
	} {
		synctest.Test(t, func(t *testing.T) {
			got := slowProber(serve).Probe(t.Context(), []Target{{Network: "tcp", Host: "192.0.2.1", Port: 1}})[0]
			if got.Answer != want || got.Took != roundTrip {
				t.Errorf("got %+v after %s, want %+v after %s", got.Answer, got.Took, want, roundTrip)
			}
		})
	}
}

func TestResponseOverASlowNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := slowProber(func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1000))
			time.Sleep(3 * roundTrip) // the request or the response is lost and retransmitted
			_, _ = conn.Write([]byte("HTTP/1.1 404 Not Found\r\n\r\n"))
		})
		got := p.Probe(t.Context(), []Target{{Network: "tcp", Host: "192.0.2.1", Port: 1, Scheme: "http"}})[0]
		if want := (Answer{Kind: HTTP, Status: 404}); got.Answer != want {
			t.Errorf("got %+v, want %+v", got.Answer, want)
		}
	})
}

// lossyProber returns a prober whose first dials get no answer.
func lossyProber(losses int) *Prober {
	var dials atomic.Int32
	return &Prober{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if int(dials.Add(1)) <= losses {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		client, server := net.Pipe()
		return client, server.Close()
	}}
}

func TestConnectIsRetriedOnce(t *testing.T) {
	for losses, want := range []Outcome{Connected, Connected, TimedOut} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			got := lossyProber(losses).Probe(t.Context(), []Target{{Network: "tcp", Host: "192.0.2.1", Port: 1}})[0]
			if got.Outcome != want || time.Since(start) > 3*time.Second {
				t.Errorf("%d dials lost: %v after %s, want %v", losses, got.Outcome, time.Since(start), want)
			}
		})
	}
}

func TestRetryDoesNotCancelTheFirstDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials, open atomic.Int32
		p := Prober{Dial: func(_ context.Context, _, _ string) (net.Conn, error) {
			dials.Add(1)
			time.Sleep(2 * time.Second)
			client, server := net.Pipe()
			open.Add(1)
			go func() {
				_, _ = server.Read(make([]byte, 1)) // until the client closes
				open.Add(-1)
			}()
			return client, nil
		}}
		got := p.Probe(t.Context(), []Target{{Network: "tcp", Host: "192.0.2.1", Port: 1}})[0]
		if got.Outcome != Connected || got.Took != 2*time.Second || dials.Load() != 2 {
			t.Errorf("%v after %s and %d dials, want connected after 2s and 2 dials", got.Outcome, got.Took, dials.Load())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if open.Load() != 0 {
			t.Errorf("%d connections are left open", open.Load())
		}
	})
}

func TestLostDatagramIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Prober{Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				buffer := make([]byte, 100)
				_, _ = server.Read(buffer)
				if _, err := server.Read(buffer); err == nil {
					_, _ = server.Write([]byte("hello"))
				}
			}()
			return client, nil
		}}
		got := p.Probe(t.Context(), []Target{{Network: "udp", Host: "192.0.2.1", Port: 1}})[0]
		if got.Outcome != Connected || got.Answer.Text != "hello" {
			t.Errorf("got %+v", got)
		}
	})
}
