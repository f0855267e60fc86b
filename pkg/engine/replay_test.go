package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// belated dials as tunnels do: it returns at once, and a connection to one of
// the dead says that it was refused when something was said to it.
type belated struct {
	dead map[netip.AddrPort]int
	mu   sync.Mutex
	said map[netip.AddrPort][]byte
}

func (d *belated) Dial(ctx context.Context, network string, to *Target) (net.Conn, error) {
	conn := &belatedConn{dialer: d, to: to.Endpoint.Address, closed: make(chan struct{}), refused: make(chan struct{})}
	if _, dead := d.dead[conn.to]; dead {
		return conn, nil
	}
	var err error
	conn.Conn, err = (&net.Dialer{}).DialContext(ctx, network, to.Endpoint.Address.String())
	return conn, err
}

type belatedConn struct {
	net.Conn
	dialer          *belated
	to              netip.AddrPort
	once            sync.Once
	closed, refused chan struct{}
}

func (c *belatedConn) Confirmed() <-chan struct{} { return nil }

func (c *belatedConn) Read(b []byte) (int, error) {
	if c.Conn != nil {
		return c.Conn.Read(b)
	}
	select {
	case <-c.refused:
		return 0, &RefusedError{errors.New("connection refused")}
	case <-c.closed:
		return 0, net.ErrClosed
	}
}

func (c *belatedConn) Write(b []byte) (int, error) {
	if c.Conn != nil {
		return c.Conn.Write(b)
	}
	c.dialer.mu.Lock()
	defer c.dialer.mu.Unlock()
	c.dialer.said[c.to] = append(c.dialer.said[c.to], b...)
	if len(c.dialer.said[c.to]) >= c.dialer.dead[c.to] {
		select {
		case <-c.refused:
		default:
			close(c.refused)
		}
	}
	return len(b), nil
}

func (c *belatedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	if c.Conn != nil {
		return c.Conn.Close()
	}
	return nil
}

func (c *belatedConn) CloseWrite() error {
	if c.Conn != nil {
		return c.Conn.(*net.TCPConn).CloseWrite()
	}
	return nil
}

func (c *belatedConn) SetLinger(n int) error {
	if c.Conn != nil {
		return c.Conn.(*net.TCPConn).SetLinger(n)
	}
	return nil
}

func (c *belatedConn) SetReadDeadline(t time.Time) error {
	if c.Conn != nil {
		return c.Conn.SetReadDeadline(t)
	}
	return nil
}

func TestWhatAClientSaidIsSaidAgainToTheNextEndpoint(t *testing.T) {
	for _, c := range []struct {
		name   string
		says   string
		after  int // the dead endpoint refuses after so many bytes
		strict bool
		want   string
	}{
		{"after its first word", "hello\n", 1, false, "two\nhello\n"},
		{"after all that is kept", strings.Repeat("x", maxReplay-1) + "\n", maxReplay, false, "two\n" + strings.Repeat("x", maxReplay-1) + "\n"},
		{"not after more than that", strings.Repeat("x", maxReplay+1), maxReplay + 1, false, "reset"},
		{"not strictly", "hello\n", 1, true, "reset"},
	} {
		t.Run(c.name, func(t *testing.T) {
			port, dead := freePort(t), at(freePort(t))
			events := newLog()
			dialer := &belated{dead: map[netip.AddrPort]int{dead: c.after}, said: map[netip.AddrPort][]byte{}}
			ended := make(chan *Access, 1)
			e := start(t, Options{
				Dialer: dialer, Strict: c.strict, Events: events.add, Access: func(a *Access) { ended <- a },
				Random: func(int) int { return 0 },
			})
			e.Execute(tableOf(web(port, dead, backend(t, "two"))))
			conn := dial(t, at(port))
			_, _ = io.WriteString(conn, c.says)
			if c.want != "reset" {
				_ = conn.CloseWrite()
			}
			got, err := io.ReadAll(conn)
			switch {
			case c.want == "reset" && (err == nil || len(got) > 0):
				t.Errorf("the client read %d bytes, %v", len(got), err)
			case c.want != "reset" && (err != nil || string(got) != c.want):
				t.Errorf("the client read %d bytes, %v", len(got), err)
			}
			events.await(t, EndpointFailed)
			if a := <-ended; c.want != "reset" && (a.Sent != int64(len(c.says)) || a.Tries != 2 || a.Err != nil) {
				t.Errorf("told %+v", a)
			}
			if !bytes.HasPrefix([]byte(c.says), dialer.said[dead]) {
				t.Errorf("the dead endpoint heard %d bytes", len(dialer.said[dead]))
			}
		})
	}
}
