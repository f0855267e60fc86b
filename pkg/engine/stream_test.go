package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
)

// byThemselves dials connections that write what they receive by themselves.
type byThemselves struct{ net.Dialer }

func (d *byThemselves) Dial(ctx context.Context, network string, to *Target) (net.Conn, error) {
	conn, err := d.DialContext(ctx, network, to.Endpoint.Address.String())
	return &selfWriter{Conn: conn}, err
}

type selfWriter struct{ net.Conn }

// WriteTo writes what can be written at once, and then the rest.
func (c *selfWriter) WriteTo(to io.Writer) (written int64, err error) {
	w := to.(TryWriter)
	buffer := make([]byte, 256<<10)
	for {
		n, err := c.Read(buffer)
		if err != nil && n == 0 {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return written, err
		}
		took := 0
		if written > 0 {
			took = w.TryWrite(buffer[:n])
		}
		if took < n {
			if _, err := w.Write(buffer[took:n]); err != nil {
				return written, err
			}
		}
		written += int64(n)
	}
}

func TestAConnectionThatWritesByItselfIsServed(t *testing.T) {
	answer := noise(16 << 20)
	source := backendOf(t, func(conn net.Conn) {
		defer conn.Close()
		_, _ = io.ReadFull(conn, make([]byte, 1))
		_, _ = conn.Write(answer)
	})
	port := freePort(t)
	ended := make(chan *Access, 1)
	e := start(t, Options{Dialer: &byThemselves{}, Access: func(a *Access) { ended <- a }})
	e.Execute(tableOf(web(port, source)))
	c := dial(t, at(port))
	_ = c.SetReadBuffer(256 << 10) // so that not all of it can be written at once
	_, _ = io.WriteString(c, "x")
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, answer) {
		t.Errorf("the client read %d of %d bytes, %v", len(got), len(answer), err)
	}
	_ = c.Close()
	if a := <-ended; a.Received != int64(len(answer)) || a.Err != nil {
		t.Errorf("told %+v", a)
	}
}

func TestAClientThatIsGoneEndsAConnectionThatWritesByItself(t *testing.T) {
	flood := backendOf(t, func(conn net.Conn) {
		defer conn.Close()
		for {
			if _, err := conn.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	})
	port := freePort(t)
	ended := make(chan *Access, 1)
	e := start(t, Options{Dialer: &byThemselves{}, Access: func(a *Access) { ended <- a }})
	e.Execute(tableOf(web(port, flood)))
	c := dial(t, at(port))
	_, _ = io.ReadFull(c, make([]byte, 1<<20))
	_ = c.SetLinger(0)
	_ = c.Close()
	if a := <-ended; a.Err == nil {
		t.Error("its reset was not told")
	}
}

// hasty dials endpoints that answer at the first word and hear no other.
type hasty struct{}

func (hasty) Dial(context.Context, string, *Target) (net.Conn, error) {
	ours, _ := net.Pipe()
	return &hastyConn{Conn: ours, answered: make(chan struct{})}, nil
}

type hastyConn struct {
	net.Conn
	once     sync.Once
	answered chan struct{}
	said     bool
}

func (c *hastyConn) Write([]byte) (int, error) {
	defer c.once.Do(func() { close(c.answered) })
	return 0, errors.New("it has closed the connection")
}

func (c *hastyConn) Read(b []byte) (int, error) {
	<-c.answered
	if c.said {
		return 0, io.EOF
	}
	c.said = true
	return copy(b, "too much"), nil
}

func TestAnAnswerOfATunnelArrivesThoughItTakesNoMore(t *testing.T) {
	port := freePort(t)
	ended := make(chan *Access, 1)
	e := start(t, Options{Dialer: hasty{}, Access: func(a *Access) { ended <- a }})
	e.Execute(tableOf(web(port, at(1))))
	c := dial(t, at(port))
	_, _ = io.WriteString(c, "a lot")
	answer := make([]byte, len("too much"))
	if n, err := io.ReadFull(c, answer); err != nil {
		t.Errorf("the client read %q, %v", answer[:n], err)
	}
	if a := <-ended; a.Err == nil || a.Received != int64(len(answer)) {
		t.Errorf("told %+v", a)
	}
}
