//go:build unix

package main

import (
	"context"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

// delayed returns a kubeconfig of an API server to which bytes take their time
// in both directions, and so each round trip twice that.
func (b *bench) delayed(ctx context.Context, by time.Duration) (kubeconfig string, stop func(), err error) {
	config, err := clientcmd.LoadFromFile(b.cluster.Kubeconfig())
	if err != nil {
		return "", nil, err
	}
	server, err := url.Parse(b.cluster.RESTConfig().Host)
	if err != nil {
		return "", nil, err
	}
	l, err := b.cluster.Client().Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	go b.passLate(ctx, l, server.Host, by)
	for _, cluster := range config.Clusters {
		cluster.Server, cluster.TLSServerName = "https://"+l.Addr().String(), server.Hostname()
	}
	kubeconfig = filepath.Join(b.folder, "delayed")
	if err := clientcmd.WriteToFile(*config, kubeconfig); err != nil {
		_ = l.Close()
		return "", nil, err
	}
	return kubeconfig, func() { _ = l.Close() }, nil
}

// passLate takes connections to the server until the listener is closed.
func (b *bench) passLate(ctx context.Context, l net.Listener, server string, by time.Duration) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := b.cluster.Client().DialContext(ctx, "tcp", server)
		if err != nil {
			_ = in.Close()
			continue
		}
		go late(in, out, by)
		go late(out, in, by)
	}
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
func firstByte(ctx context.Context, p *peer) (float64, error) {
	var took time.Duration
	for range 2 { // the first may have to open a tunnel
		conn, err := p.dial(ctx)
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
