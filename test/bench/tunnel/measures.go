//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

func measures(lasting time.Duration) []measure {
	const clients = 8
	return []measure{
		{"download, MB/s", func(ctx context.Context, p *peer) (float64, error) { return download(ctx, p, 1) }},
		{"4 downloads, MB/s", func(ctx context.Context, p *peer) (float64, error) { return download(ctx, p, 4) }},
		{"upload, MB/s", func(ctx context.Context, p *peer) (float64, error) { return upload(ctx, p, 1) }},
		{"new connections/s, 8 clients", func(ctx context.Context, p *peer) (float64, error) {
			return inAll(ctx, clients, lasting, func(ctx context.Context, again func() bool) error { return anew(ctx, p, again) })
		}},
		{"kept requests/s, 8 clients", func(ctx context.Context, p *peer) (float64, error) {
			return inAll(ctx, clients, lasting, func(ctx context.Context, again func() bool) error { return kept(ctx, p, again) })
		}},
		{"kept requests/s, 1 client", func(ctx context.Context, p *peer) (float64, error) {
			return inAll(ctx, 1, lasting, func(ctx context.Context, again func() bool) error { return kept(ctx, p, again) })
		}},
	}
}

// growth are the measures of which more pods may bring more.
func growth(lasting time.Duration) []measure {
	const clients = 32
	return []measure{
		{"new connections/s, 32 clients", func(ctx context.Context, p *peer) (float64, error) {
			return inAll(ctx, clients, lasting, func(ctx context.Context, again func() bool) error { return anew(ctx, p, again) })
		}},
		{"16 downloads, MB/s", func(ctx context.Context, p *peer) (float64, error) { return download(ctx, p, 16) }},
	}
}

// inAll has clients work at the same time, each as long as again says, and
// returns how often a second it said so.
func inAll(ctx context.Context, clients int, lasting time.Duration, work func(ctx context.Context, again func() bool) error) (float64, error) {
	var done atomic.Int64
	var all sync.WaitGroup
	failures := make(chan error, clients)
	begin := time.Now()
	for range clients {
		all.Go(func() {
			failures <- work(ctx, func() bool {
				if time.Since(begin) > lasting {
					return false
				}
				done.Add(1)
				return true
			})
		})
	}
	all.Wait()
	close(failures)
	var failed []error
	for err := range failures {
		failed = append(failed, err)
	}
	return float64(done.Load()) / time.Since(begin).Seconds(), errors.Join(failed...)
}

// bulk is how much moves at a time, in all streams together, in bytes.
const bulk = 200_000_000

// download reads as many large answers at the same time.
func download(ctx context.Context, p *peer, streams int) (float64, error) {
	return atOnce(streams, func(size int) error {
		conn, err := p.dial(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := fmt.Fprintf(conn, "GET /bytes/%d HTTP/1.0\r\n\r\n", size); err != nil {
			return err
		}
		return readAnswer(bufio.NewReaderSize(conn, 256<<10))
	})
}

// upload writes as many large requests at the same time, until the pod has
// read all of them.
func upload(ctx context.Context, p *peer, streams int) (float64, error) {
	return atOnce(streams, func(size int) error {
		conn, err := p.dial(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := fmt.Fprintf(conn, "POST /discard HTTP/1.1\r\nHost: web\r\nContent-Length: %d\r\n\r\n", size); err != nil {
			return err
		}
		chunk := make([]byte, 256<<10)
		for left := size; left > 0; left -= len(chunk) {
			chunk = chunk[:min(left, len(chunk))]
			if _, err := conn.Write(chunk); err != nil {
				return err
			}
		}
		return readAnswer(bufio.NewReader(conn))
	})
}

// atOnce moves bulk in as many streams, and returns how many MB a second that were.
func atOnce(streams int, move func(size int) error) (float64, error) {
	var all sync.WaitGroup
	failures := make(chan error, streams)
	begin := time.Now()
	for range streams {
		all.Go(func() { failures <- move(bulk / streams) })
	}
	all.Wait()
	close(failures)
	var failed []error
	for err := range failures {
		failed = append(failed, err)
	}
	return bulk / 1e6 / time.Since(begin).Seconds(), errors.Join(failed...)
}

func readAnswer(in *bufio.Reader) error {
	answer, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	if err == nil && n != answer.ContentLength {
		err = fmt.Errorf("%d bytes of %d", n, answer.ContentLength)
	}
	return err
}

// anew makes a connection for each request.
func anew(ctx context.Context, p *peer, again func() bool) error {
	for again() {
		conn, err := p.dial(ctx)
		if err != nil {
			return err
		}
		err = request(conn, bufio.NewReader(conn))
		_ = conn.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// kept makes one for all of them.
func kept(ctx context.Context, p *peer, again func() bool) error {
	conn, err := p.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for again() {
		if err := request(conn, in); err != nil {
			return err
		}
	}
	return nil
}

func request(conn net.Conn, in *bufio.Reader) error {
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: web\r\n\r\n"); err != nil {
		return err
	}
	return readAnswer(in)
}
