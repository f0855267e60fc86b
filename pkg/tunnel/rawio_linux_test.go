package tunnel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"testing"
	"time"

	"golang.org/x/net/nettest"
)

// rawPipe is a connection over loopback of which one end is raw.
func rawPipe() (a, b net.Conn, err error) {
	a, b, err = pipe()
	if err != nil {
		return nil, nil, err
	}
	a, err = withRawIO(func(context.Context, string, string) (net.Conn, error) { return a, nil })(context.Background(), "", "")
	if _, ok := a.(*rawConn); !ok {
		err = errors.Join(err, errors.New("it is not raw"))
	}
	return a, b, err
}

func TestARawConnIsANetConn(t *testing.T) {
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		a, b, err := rawPipe()
		if err != nil {
			return nil, nil, nil, err
		}
		return a, b, func() { _, _ = a.Close(), b.Close() }, nil
	})
}

func TestOnlyTCPConnectionsAreRaw(t *testing.T) {
	other, _ := net.Pipe()
	broken := errors.New("broken")
	for _, test := range []struct {
		name string
		conn net.Conn
		err  error
	}{
		{"another connection stays", other, nil},
		{"and so does an error", nil, broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn, err := withRawIO(func(context.Context, string, string) (net.Conn, error) { return test.conn, test.err })(t.Context(), "", "")
			if conn != test.conn || !errors.Is(err, test.err) {
				t.Errorf("got %v, %v", conn, err)
			}
		})
	}
}

func TestARawConnFailsAsATCPConnDoes(t *testing.T) {
	for _, test := range []struct {
		name string
		fail func(conn net.Conn, peer *net.TCPConn) error
	}{
		{"reading what was closed", func(conn net.Conn, _ *net.TCPConn) error {
			_ = conn.Close()
			_, err := conn.Read(make([]byte, 1))
			return err
		}},
		{"writing what was closed", func(conn net.Conn, _ *net.TCPConn) error {
			_ = conn.Close()
			_, err := conn.Write([]byte("x"))
			return err
		}},
		{"reading after the deadline", func(conn net.Conn, _ *net.TCPConn) error {
			_ = conn.SetDeadline(time.Unix(1, 0))
			_, err := conn.Read(make([]byte, 1))
			return err
		}},
		{"writing after the deadline", func(conn net.Conn, _ *net.TCPConn) error {
			_ = conn.SetDeadline(time.Unix(1, 0))
			_, err := conn.Write([]byte("x"))
			return err
		}},
		{"reading what was reset", func(conn net.Conn, peer *net.TCPConn) error {
			_ = peer.SetLinger(0)
			_ = peer.Close()
			_, err := conn.Read(make([]byte, 1))
			return err
		}},
		{"writing what was reset", func(conn net.Conn, peer *net.TCPConn) error {
			_ = peer.SetLinger(0)
			_ = peer.Close()
			_, _ = conn.Read(make([]byte, 1))
			_, err := conn.Write([]byte("x"))
			return err
		}},
		{"reading at the end", func(conn net.Conn, peer *net.TCPConn) error {
			_ = peer.Close()
			_, err := conn.Read(make([]byte, 1))
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			fails := func(pair func() (a, b net.Conn, err error)) error {
				conn, peer, err := pair()
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				defer peer.Close()
				return test.fail(conn, peer.(*net.TCPConn))
			}
			got, want := fails(rawPipe), fails(pipe)
			if plain(got) != plain(want) || errors.Is(got, io.EOF) != errors.Is(want, io.EOF) ||
				errors.Is(got, net.ErrClosed) != errors.Is(want, net.ErrClosed) || timedOut(got) != timedOut(want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// plain returns the text of an error without numbers of ports.
func plain(err error) string {
	return regexp.MustCompile(`:\d+`).ReplaceAllString(err.Error(), ":port")
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Reads that bypass the runtime, and reads that do not, come from two connections
// here.
func TestReadsThatNeverWaitReachTheRuntime(t *testing.T) {
	past, fromPast := tcpPipe(t)
	with, fromWith := tcpPipe(t)
	raw, err := past.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	s := &rawConn{TCPConn: with, raw: raw}
	b := make([]byte, 1)
	read := func() byte {
		if _, err := s.Read(b); err != nil {
			t.Fatal(err)
		}
		return b[0]
	}
	_, _ = fromWith.Write([]byte("with"))
	for range 2 * maxRawReads { // which wait, most of them
		go func() { _, _ = fromPast.Write([]byte("p")) }()
		if read() != 'p' {
			t.Fatal("a read that waited went through the runtime")
		}
	}
	_, _ = fromPast.Write(bytes.Repeat([]byte("p"), 2*maxRawReads))
	for range 2 {
		for n := 0; read() == 'p'; n++ {
			if n == maxRawReads {
				t.Fatalf("%d reads bypassed the runtime without waiting", n+1)
			}
		}
	}
}

func tcpPipe(t *testing.T) (a *net.TCPConn, b net.Conn) {
	t.Helper()
	conn, b, err := pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Close(), b.Close() })
	return conn.(*net.TCPConn), b
}
