package engine

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// polled is a poller of a pipe, whose other end is written to.
func polled(t *testing.T, spare bool) (p *poller, fd int) {
	t.Helper()
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _ = unix.Close(epoll), unix.Close(ends[0]), unix.Close(ends[1]) })
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, ends[0], &event); err != nil {
		t.Fatal(err)
	}
	return &poller{epoll: epoll, spare: spare}, ends[1]
}

func TestABusyPollerWaitsAsLongAsItIsAsked(t *testing.T) {
	for _, spare := range []bool{true, false} {
		p, fd := polled(t, spare)
		events := make([]unix.EpollEvent, 1)
		for range 2 {
			if err := writeAll(fd, []byte("!")); err != nil {
				t.Fatal(err)
			}
			if n := p.wait(events, -1); n != 1 || p.busy != spare {
				t.Errorf("found %d events, busy %t, with a spare processor %t", n, p.busy, spare)
			}
		}
		for began := time.Now(); time.Since(began) < 30*time.Millisecond; { // a signal of the runtime interrupts a wait
			if n := p.wait(events, 30); n != 0 {
				t.Errorf("found %d events where there are none", n)
			}
		}
		if p.busy {
			t.Error("busy without events")
		}
	}
}

// The runtime stops every goroutine for a collection, also one that waits
// without its knowledge.
func TestABusyPollerStopsForTheGarbageCollector(t *testing.T) {
	p, fd := polled(t, true)
	waiting, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		events := make([]unix.EpollEvent, 1)
		close(waiting)
		for n := 0; n == 0; {
			p.busy = true
			n = p.wait(events, -1)
		}
	}()
	<-waiting
	for range 10 {
		runtime.GC()
	}
	if err := writeAll(fd, []byte("!")); err != nil {
		t.Fatal(err)
	}
	<-ended
}

func TestPortsThatTheKernelChoosesAreKnown(t *testing.T) {
	ports := ephemeralPorts()
	if chosen := addressOf(dial(t, occupy(t).Addr()).LocalAddr()).Port(); !ports.has(chosen) {
		t.Errorf("the kernel chose %d, which is not in %v", chosen, ports)
	}
	if ports.has(ports.first-1) || !ports.has(ports.last) {
		t.Errorf("the range is %v", ports)
	}
}
