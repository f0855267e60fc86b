package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// listener starts a server on a loopback port that calls serve for each
// connection and then closes it.
func listener(t *testing.T, serve func(net.Conn)) Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return target(l.Addr())
}

func target(addr net.Addr) Target {
	at := netip.MustParseAddrPort(addr.String())
	return Target{Network: addr.Network(), Host: at.Addr().String(), Port: at.Port()}
}

// closedPort returns a port on which nothing listens.
func closedPort(t *testing.T, network string) Target {
	t.Helper()
	if network == "udp" {
		conn, err := net.ListenPacket(network, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		return target(conn.LocalAddr())
	}
	l, err := net.Listen(network, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return target(l.Addr())
}

func probeOne(t *testing.T, target Target) Result {
	t.Helper()
	p := Prober{Timeout: 2 * time.Second}
	return p.Probe(t.Context(), []Target{target})[0]
}

func TestProtocolOfAServerIsDetected(t *testing.T) {
	silent := func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) }
	readThen := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = bufio.NewReader(conn).ReadString('\n')
			_, _ = conn.Write([]byte(text))
		}
	}
	reset := func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }
	for name, test := range map[string]struct {
		serve  func(net.Conn)
		scheme string
		want   Answer
	}{
		"a server that waits":             {silent, "", Answer{}},
		"a banner":                        {func(c net.Conn) { _, _ = c.Write([]byte("SSH-2.0-test\r\n")); silent(c) }, "", Answer{Kind: Banner, Text: "SSH-2.0-test"}},
		"one that closes":                 {func(net.Conn) {}, "", Answer{Kind: Closed}},
		"one that resets":                 {reset, "", Answer{Kind: Closed}},
		"one that closes on HTTP":         {readThen(""), "http", Answer{Kind: Closed}},
		"HTTP":                            {readThen("HTTP/1.1 404 Not Found\r\nServer: nginx\r\n\r\n"), "http", Answer{Kind: HTTP, Status: 404, Text: "nginx"}},
		"another protocol":                {readThen("-ERR unknown command\r\n"), "http", Answer{Kind: Banner, Text: "-ERR unknown command"}},
		"an incomplete response":          {readThen("HTTP/1.1 "), "http", Answer{Kind: Banner, Text: "HTTP"}},
		"a TLS alert":                     {readThen("\x15\x03\x01\x00\x02\x02\x0a"), "http", Answer{Kind: TLS}},
		"HTTP on an HTTPS port":           {readThen("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"), "http", Answer{Kind: TLS, Status: 400}},
		"HTTPS on an HTTP port":           {readThen("HTTP/1.1 400 Bad Request\r\n\r\n"), "https", Answer{Kind: HTTP}},
		"one that closes on HTTPS":        {func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }, "https", Answer{Kind: Closed}},
		"a banner instead of a handshake": {func(c net.Conn) { _, _ = c.Write([]byte("220 mail ready\r\n")); silent(c) }, "https", Answer{Kind: Banner, Text: "220 m"}},
	} {
		t.Run(name, func(t *testing.T) {
			target := listener(t, test.serve)
			target.Scheme = test.scheme
			got := probeOne(t, target)
			if got.Outcome != Connected || got.Answer != test.want {
				t.Errorf("got %v %+v, want %+v", got.Outcome, got.Answer, test.want)
			}
		})
	}
}

func TestTLSIsDetected(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()
	at := target(server.Listener.Addr())
	at.Scheme = "https"
	if got, want := probeOne(t, at).Answer, (Answer{Kind: TLS, Status: 404}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	at.Scheme = "http"
	if got := probeOne(t, at).Answer.Kind; got != TLS {
		t.Errorf("over plain HTTP: got %v, want %v", got, TLS)
	}
}

func TestClosedPortRefuses(t *testing.T) {
	got := probeOne(t, closedPort(t, "tcp"))
	if got.Outcome != Refused || got.ICMP != (ICMP{}) || got.Error == "" {
		t.Errorf("got %+v", got)
	}
}

func TestDatagrams(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := probeOne(t, target(conn.LocalAddr())); got.Outcome != Silent {
		t.Errorf("a server that does not answer: got %+v", got)
	}
	go func() {
		buffer := make([]byte, 512)
		for n, from, err := conn.ReadFrom(buffer); err == nil; n, from, err = conn.ReadFrom(buffer) {
			_, _ = conn.WriteTo(append([]byte("echo "), buffer[:n]...), from)
		}
	}()
	if got := probeOne(t, target(conn.LocalAddr())); got.Outcome != Connected || got.Answer != (Answer{Kind: Banner, Text: "echo "}) {
		t.Errorf("a server that echoes: got %+v", got)
	}
}

func TestParallelLimitsConcurrentAttempts(t *testing.T) {
	var now, most atomic.Int32
	p := Prober{Parallel: 3, Dial: func(context.Context, string, string) (net.Conn, error) {
		defer now.Add(-1)
		for n := now.Add(1); ; {
			seen := most.Load()
			if n <= seen || most.CompareAndSwap(seen, n) {
				break
			}
		}
		return nil, syscall.ECONNREFUSED
	}}
	results := p.Probe(t.Context(), make([]Target, 50))
	for i, result := range results {
		if result.Outcome != Refused {
			t.Errorf("target %d: %v", i, result.Outcome)
		}
	}
	if most.Load() > 3 {
		t.Errorf("%d attempts at a time, want at most 3", most.Load())
	}
}

func TestTargetsAfterCancelAreUntried(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := Prober{Parallel: 1, Dial: func(context.Context, string, string) (net.Conn, error) {
		cancel()
		return nil, context.Canceled
	}}
	results := p.Probe(ctx, make([]Target, 10))
	if results[0].Outcome != Failed || results[9].Outcome != Untried {
		t.Errorf("got %v", results)
	}
}

func TestTimeToConnectIsMeasured(t *testing.T) {
	clock := time.Unix(0, 0)
	p := Prober{
		Now: func() time.Time { clock = clock.Add(time.Second); return clock },
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > 3*time.Second {
				t.Errorf("deadline is %v", deadline)
			}
			return nil, context.DeadlineExceeded
		},
	}
	if got := p.Probe(t.Context(), make([]Target, 1))[0]; got.Outcome != TimedOut || got.Took != time.Second {
		t.Errorf("got %+v", got)
	}
}

func TestClassify(t *testing.T) {
	icmp := ICMP{3, 13, netip.MustParseAddr("10.1.11.1")}
	for name, test := range map[string]struct {
		err  error
		want Outcome
	}{
		"refused":        {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, Refused},
		"reset":          {syscall.ECONNRESET, Refused},
		"no network":     {syscall.ENETUNREACH, NoRoute},
		"no host":        {syscall.EHOSTUNREACH, NoRoute},
		"system timeout": {syscall.ETIMEDOUT, TimedOut},
		"deadline":       {context.DeadlineExceeded, TimedOut},
		"name not found": {&net.DNSError{Err: "no such host", Name: "n1"}, Failed},
		"name timed out": {&net.DNSError{Err: "i/o timeout", Name: "n1", IsTimeout: true}, Failed},
		"anything else":  {errors.New("too many open files"), Failed},
		"ICMP message":   {&unreachableError{icmp, syscall.EHOSTUNREACH}, Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			got := classify(test.err)
			if got.Outcome != test.want || got.Error == "" {
				t.Errorf("got %+v, want %v", got, test.want)
			}
			if test.want == Unreachable && got.ICMP != icmp {
				t.Errorf("got %+v", got.ICMP)
			}
		})
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]Outcome{
		"dial tcp 10.1.11.4:30080: connect: connection refused":                  Refused,
		"dial tcp 10.1.11.4:30080: i/o timeout":                                  TimedOut,
		"dial tcp 10.2.1.7:300: connect: no route to host":                       NoRoute,
		"dial tcp 10.2.1.7:300: connect: network is unreachable":                 NoRoute,
		"net/http: HTTP/1.x transport connection broken: malformed HTTP \"SSH\"": Connected,
		"malformed HTTP response \"\\x15\\x03\"":                                 Connected,
		"EOF":                                                                    Connected,
		"unexpected EOF":                                                         Connected,
		"read: connection reset by peer":                                         Connected,
		"failed to execute portforward in network namespace: failed to connect to localhost:300 inside namespace \"x\", " +
			"IPv4: dial tcp4 127.0.0.1:300: connect: connection refused IPv6 dial tcp6 [::1]:300: connect: connection refused ": Refused,
	} {
		if got, ok := Parse(text); !ok || got.Outcome != want {
			t.Errorf("%q: got %v, %t, want %v", text, got.Outcome, ok, want)
		}
	}
	if got, ok := Parse("no such pod"); ok || got.Outcome != Untried {
		t.Errorf("got %v, %t", got, ok)
	}
}

func TestAddress(t *testing.T) {
	for want, target := range map[string]Target{
		"10.1.11.4:30033":                 {Host: "10.1.11.4", Port: 30033},
		"[fd00:10:1::4]:80":               {Host: "fd00:10:1::4", Port: 80},
		"node.example:" + strconv.Itoa(1): {Host: "node.example", Port: 1},
	} {
		if got := target.Address(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for outcome := Untried; outcome <= Failed; outcome++ {
		if outcome.String() == "" {
			t.Errorf("outcome %d has no word", outcome)
		}
	}
	if truncate(strings.Repeat("é", 200)) != strings.Repeat("é", maxText) {
		t.Error("long text is not cut between characters")
	}
}
