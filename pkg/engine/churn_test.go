package engine

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// leaks returns a function that fails the test when more goroutines or file
// descriptors are there than now.
func leaks(t testing.TB) func() {
	t.Helper()
	files := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			return 0 // only Linux tells
		}
		return len(entries)
	}
	goroutines, open := runtime.NumGoroutine(), files()
	return func() {
		deadline := time.Now().Add(10 * time.Second)
		for runtime.NumGoroutine() > goroutines || files() > open {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<16)
				t.Errorf("%d goroutines, before %d; %d files, before %d\n%s", runtime.NumGoroutine(), goroutines,
					files(), open, stacks[:runtime.Stack(stacks, true)])
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// TestNoRequestFailsWhileEndpointsComeAndGo changes the table ten times a
// second under load. There is always an endpoint that lives, and often some
// that are dead already and that the table has not yet lost.
func TestNoRequestFailsWhileEndpointsComeAndGo(t *testing.T) {
	changes := 40
	if testing.Short() {
		changes = 10
	}
	if long, err := time.ParseDuration(os.Getenv("NODEPORT_TEST_SOAK")); err == nil {
		changes = int(long / (100 * time.Millisecond))
	}
	var living, dead []netip.AddrPort
	for i := range 4 {
		living = append(living, backend(t, fmt.Sprint("pod ", i)))
		dead = append(dead, at(freePort(t)))
	}
	noLeak := leaks(t)
	e := New(Options{})
	port, other := freePort(t), freePort(t)
	next := func() {
		endpoints := []netip.AddrPort{living[rand.IntN(len(living))]}
		for i := range living {
			if rand.IntN(2) == 0 && living[i] != endpoints[0] {
				endpoints = append(endpoints, living[i])
			}
			if rand.IntN(3) == 0 {
				endpoints = append(endpoints, dead[i])
			}
		}
		comes := web(other, endpoints[:rand.IntN(2)]...)
		comes.Name = "comes-and-goes"
		e.Execute(tableOf(comes, web(port, endpoints...)))
	}
	next()
	kept, err := net.Dial("tcp", at(port).String())
	if err != nil {
		t.Fatal(err)
	}
	var requests, failures atomic.Int64
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				requests.Add(1)
				if err := request(port); err != nil {
					failures.Add(1)
					t.Error(err)
				}
			}
		})
	}
	tick := time.NewTicker(100 * time.Millisecond)
	for range changes {
		<-tick.C
		next()
	}
	tick.Stop()
	close(stop)
	clients.Wait()
	if err := exchange(kept); err != nil {
		t.Errorf("the connection that was there from the start: %v", err)
	}
	kept.Close()
	t.Logf("%d requests, %d failed", requests.Load(), failures.Load())
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	noLeak()
}

// request makes a connection, and ends it after something was said both ways.
func request(port uint16) error {
	conn, err := net.DialTimeout("tcp", at(port).String(), 20*time.Second)
	if err != nil {
		return err
	}
	defer abort(conn) // leaves no TIME_WAIT behind, of which there would be many
	return exchange(conn)
}

// exchange says something and hears it, after the name of who echoes it.
func exchange(conn net.Conn) error {
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := fmt.Fprintln(conn, "hello"); err != nil {
		return err
	}
	lines := bufio.NewReader(conn)
	for range 2 {
		if _, err := lines.ReadString('\n'); err != nil {
			return err
		}
	}
	return nil
}
