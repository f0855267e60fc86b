//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// load is something to put on a peer. It returns figures by their names.
type load struct {
	name string
	udp  bool
	// unit is the figure that counts what passed in a second.
	unit string
	once func(ctx context.Context, p *peer) (map[string]float64, error)
}

const workers = 32

func ask(what byte) []byte {
	message := make([]byte, messageSize)
	message[0] = what
	return message
}

// bulk is four downloads at a time.
func bulk() load {
	const streams, size = 4, 256 << 20
	return load{name: "bulk MB", unit: "bulk, MB/s", once: func(_ context.Context, p *peer) (map[string]float64, error) {
		start := time.Now()
		err := each(streams, func(int) error {
			conn, err := net.Dial("tcp", p.address)
			if err != nil {
				return err
			}
			defer conn.Close()
			message := ask(askBulk)
			binary.BigEndian.PutUint64(message[1:], size)
			if _, err := conn.Write(message); err != nil {
				return err
			}
			n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{conn}, make([]byte, 256<<10))
			if err == nil && n != size {
				err = io.ErrUnexpectedEOF
			}
			return err
		})
		return map[string]float64{"bulk, MB/s": streams * size / 1e6 / time.Since(start).Seconds()}, err
	}}
}

// newConnections are made for one request each.
func newConnections(long time.Duration) load {
	return load{name: "new connections", unit: "new connections, 1/s", once: func(ctx context.Context, p *peer) (map[string]float64, error) {
		counts := make([]int, workers)
		start := time.Now()
		err := each(workers, func(i int) error {
			message, buffer := ask(askOnce), make([]byte, 2*messageSize)
			for time.Since(start) < long && ctx.Err() == nil {
				if err := oneRequest(p.address, message, buffer); err != nil {
					return err
				}
				counts[i]++
			}
			return nil
		})
		return map[string]float64{"new connections, 1/s": rate(counts, start)}, err
	}}
}

func oneRequest(address string, message, buffer []byte) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write(message); err != nil {
		return err
	}
	n, err := io.ReadFull(conn, buffer)
	if errors.Is(err, io.ErrUnexpectedEOF) && n == messageSize {
		return nil
	}
	return errors.Join(errors.New("the answer is not whole"), err)
}

// keptConnections carry one request after the other.
func keptConnections(long time.Duration) load {
	return load{name: "kept requests", unit: "kept requests, 1/s", once: func(ctx context.Context, p *peer) (map[string]float64, error) {
		return pingPong(ctx, p, "tcp", "kept requests", long)
	}}
}

// datagrams are sent by many clients, each when its last one has come back.
func datagrams(long time.Duration) load {
	return load{name: "UDP requests", udp: true, unit: "UDP requests, 1/s", once: func(ctx context.Context, p *peer) (map[string]float64, error) {
		return pingPong(ctx, p, "udp", "UDP requests", long)
	}}
}

func pingPong(ctx context.Context, p *peer, network, name string, long time.Duration) (map[string]float64, error) {
	took := make([][]time.Duration, workers)
	start := time.Now()
	err := each(workers, func(i int) error {
		conn, err := net.Dial(network, p.address)
		if err != nil {
			return err
		}
		defer conn.Close()
		message, buffer := ask(askEcho), make([]byte, messageSize)
		for time.Since(start) < long && ctx.Err() == nil {
			sent := time.Now()
			if _, err := conn.Write(message); err != nil {
				return err
			}
			if err := conn.SetReadDeadline(sent.Add(5 * time.Second)); err != nil {
				return err
			}
			if _, err := io.ReadFull(conn, buffer); err != nil {
				return err
			}
			took[i] = append(took[i], time.Since(sent))
		}
		return nil
	})
	all := slices.Concat(took...)
	if len(all) == 0 {
		return nil, errors.Join(err, errors.New("nothing came back"))
	}
	slices.Sort(all)
	return map[string]float64{
		name + ", 1/s":    float64(len(all)) / time.Since(start).Seconds(),
		name + ", p99 µs": float64(all[len(all)*99/100].Microseconds()),
	}, err
}

// silence is how long idle connections are watched.
const silence = 5 * time.Second

// idleConnections are held. They cost memory, and perhaps time.
func idleConnections(n int) load {
	return load{name: "idle connections", once: func(_ context.Context, p *peer) (map[string]float64, error) {
		before, err := p.usage()
		if err != nil {
			return nil, err
		}
		conns := make([]net.Conn, n)
		defer func() {
			for _, conn := range conns {
				if conn != nil {
					conn.Close()
				}
			}
		}()
		message, buffer := ask(askEcho), make([]byte, messageSize)
		for i := range conns {
			if conns[i], err = net.Dial("tcp", p.address); err != nil {
				return nil, err
			}
			if _, err := conns[i].Write(message); err != nil {
				return nil, err
			}
			if _, err := io.ReadFull(conns[i], buffer); err != nil {
				return nil, err
			}
		}
		held, err := p.usage()
		if err != nil {
			return nil, err
		}
		start := time.Now()
		time.Sleep(silence)
		after, err := p.usage()
		idle := float64((after.cpu - held.cpu).Milliseconds()) / time.Since(start).Seconds()
		return map[string]float64{
			"memory of an idle connection, KiB":         float64(held.memory-before.memory) / 1024 / float64(n),
			"CPU of 10,000 idle connections, ms in 1 s": idle * 10_000 / float64(n),
		}, err
	}}
}

func rate(counts []int, start time.Time) float64 {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return float64(sum) / time.Since(start).Seconds()
}

// each runs f n times at once and returns the first error.
func each(n int, f func(i int) error) error {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = f(i) })
	}
	group.Wait()
	return errors.Join(errs...)
}
