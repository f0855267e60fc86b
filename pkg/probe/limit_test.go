package probe

import (
	"bytes"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
)

// endless starts a server that sends begin on every connection, and then repeats
// part without end. sent counts the bytes that it has written.
func endless(t *testing.T, begin, part string) (at netip.AddrPort, sent *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	sent = &atomic.Int64{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go sendEndless(conn, begin, part, sent)
		}
	}()
	return listener.Addr().(*net.TCPAddr).AddrPort(), sent
}

func sendEndless(conn net.Conn, begin, part string, sent *atomic.Int64) {
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetWriteBuffer(4096)
	_, _ = conn.Read(make([]byte, 4096))
	_, err := conn.Write([]byte(begin))
	for many := bytes.Repeat([]byte(part), 100); err == nil; {
		var n int
		n, err = conn.Write(many)
		sent.Add(int64(n))
	}
}

func TestEndlessAnswerIsReadUpToALimit(t *testing.T) {
	header := "X-A: " + strings.Repeat("y", 500) + "\r\n"
	for name, test := range map[string]struct{ scheme, begin, part string }{
		"headers":              {"http", "HTTP/1.1 200 OK\r\n", header},
		"a header of one line": {"http", "HTTP/1.1 200 OK\r\nX: ", "y"},
		"a status line":        {"http", "HTTP/1.1 200 ", "y"},
		"interim responses":    {"http", "", "HTTP/1.1 103 Early Hints\r\n\r\n"},
		"no HTTP":              {"http", "SSH", "y"},
		"a TLS handshake":      {"https", "", "\x16\x03\x03\x10\x00\x02\x00\x0f\xfc" + strings.Repeat("y", 4092)},
	} {
		t.Run(name, func(t *testing.T) {
			at, sent := endless(t, test.begin, test.part)
			target := Target{Network: "tcp", Host: at.Addr().String(), Port: at.Port(), Scheme: test.scheme}
			result := (&Prober{}).Probe(t.Context(), []Target{target})[0]
			if result.Outcome != Connected {
				t.Errorf("got %+v", result)
			}
			const limit = 8 << 20 // more than the prober's limit, because of socket buffers
			if n := sent.Load(); n > limit {
				t.Errorf("the server could send %d bytes, want at most %d", n, limit)
			}
		})
	}
}
