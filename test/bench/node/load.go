//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// The loads, by 32 clients: a connection for each request, or kept ones.
const (
	newConnections = "new connections"
	keptRequests   = "kept requests"
	clients        = 32
)

// messageSize is that of a request; its answer is as long, and begins with the
// last digit of the backend's port.
const messageSize = 128

func backend(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			message := make([]byte, messageSize)
			for {
				if _, err := io.ReadFull(conn, message); err != nil {
					return
				}
				message[0] = address[len(address)-1]
				if _, err := conn.Write(message); err != nil {
					return
				}
			}
		}()
	}
}

// printLoad puts a load on an address, and prints requests a second and their
// 99th percentile in milliseconds.
func printLoad(name, address, lasting string) error {
	long, err := time.ParseDuration(lasting)
	if err != nil {
		return err
	}
	took := make([][]time.Duration, clients)
	errs := make([]error, clients)
	start := time.Now()
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() { took[i], errs[i] = requests(name == keptRequests, address, start.Add(long)) })
	}
	group.Wait()
	passed := time.Since(start)
	all := slices.Concat(took...)
	if err := errors.Join(errs...); err != nil || len(all) == 0 {
		return errors.Join(err, errors.New("not every request was answered"))
	}
	slices.Sort(all)
	_, err = fmt.Printf("%g %g\n", float64(len(all))/passed.Seconds(), all[len(all)*99/100].Seconds()*1000)
	return err
}

// requests are made one after the other until a time; it returns what each took.
func requests(keep bool, address string, until time.Time) (took []time.Duration, err error) {
	var conn net.Conn
	for time.Now().Before(until) {
		start := time.Now()
		if conn == nil {
			if conn, err = net.Dial("tcp", address); err != nil {
				return took, err
			}
		}
		if _, err := ask(conn); err != nil {
			return took, errors.Join(err, conn.Close())
		}
		if !keep {
			if err := conn.Close(); err != nil {
				return took, err
			}
			conn = nil
		}
		took = append(took, time.Since(start))
	}
	return took, nil
}

// ask makes a request, and returns who answered.
func ask(conn net.Conn) (byte, error) {
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := conn.Write(make([]byte, messageSize)); err != nil {
		return 0, err
	}
	answer := make([]byte, messageSize)
	_, err := io.ReadFull(bufio.NewReader(conn), answer)
	return answer[0], err
}
