//go:build unix

package main

import (
	"context"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/rig/rig"
)

// delayed is a way to the API server on which bytes take their time in both
// directions, and so each round trip twice that.
func delayed(ctx context.Context, c *rig.Cluster, by time.Duration) (address string, stop func(), err error) {
	server, err := url.Parse(c.RESTConfig().Host)
	if err != nil {
		return "", nil, err
	}
	l, err := c.Client().Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := c.Client().DialContext(ctx, "tcp", server.Host)
			if err != nil {
				_ = in.Close()
				continue
			}
			go late(in, out, by)
			go late(out, in, by)
		}
	}()
	return l.Addr().String(), func() { _ = l.Close() }, nil
}

// late passes bytes on, each as much later as the others.
func late(to io.WriteCloser, from io.ReadCloser, by time.Duration) {
	type part struct {
		at    time.Time
		bytes []byte
	}
	parts := make(chan part, 1<<10)
	go func() {
		defer close(parts)
		for {
			b := make([]byte, 32<<10)
			n, err := from.Read(b)
			if err != nil {
				return
			}
			parts <- part{time.Now().Add(by), b[:n]}
		}
	}()
	for p := range parts {
		time.Sleep(time.Until(p.at))
		if _, err := to.Write(p.bytes); err != nil {
			break
		}
	}
	_ = to.Close()
	_ = from.Close()
	for range parts { // until the reader has seen it
	}
}

// firstByte is how long, in milliseconds, a new connection takes to be answered,
// where others were made before.
func firstByte(ctx context.Context, t *target) (float64, error) {
	var took time.Duration
	for range 2 { // the first may have to open a tunnel
		conn, err := t.dial(ctx)
		if err != nil {
			return 0, err
		}
		begin := time.Now()
		err = ask(conn)
		took = time.Since(begin)
		_ = conn.Close()
		if err != nil {
			return 0, err
		}
	}
	return float64(took.Microseconds()) / 1000, nil
}

func ask(conn net.Conn) error {
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: web\r\n\r\n"); err != nil {
		return err
	}
	_, err := conn.Read(make([]byte, 1))
	return err
}
