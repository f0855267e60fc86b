package engine

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// costEndpoint is the environment variable that has TestServeForCosts serve an
// endpoint.
const costEndpoint = "NODEPORT_TEST_COST_ENDPOINT"

// TestServeForCosts is the process whose costs are counted: an engine with a
// node port for one endpoint, of TCP and UDP. It is no test by itself.
func TestServeForCosts(t *testing.T) {
	endpoint, err := netip.ParseAddrPort(os.Getenv(costEndpoint))
	if err != nil {
		return
	}
	SpareProcessor()
	port := freePort(t)
	e := start(t, Options{})
	service := web(port, endpoint)
	service.Ports = append(service.Ports, dns(port, endpoint).Ports...)
	e.Execute(tableOf(service))
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		answer := uint64(port)
		if lines.Text() == "allocations" {
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			answer = memory.Mallocs
		}
		fmt.Println(answer)
	}
}

// cost is what one unit of work may take at most.
type cost struct {
	calls       map[uintptr]float64
	allocations float64
}

// TestCosts fails when a connection, a request or a datagram takes more system
// calls or allocations than it did. It counts and does not time. A system call
// that a table does not name is not to be made at all.
func TestCosts(t *testing.T) {
	endpoint := costBackend(t)
	p := trace(t, "TestServeForCosts", costEndpoint+"="+endpoint.String())
	var port uint16
	p.ask(t, "port", &port)
	node := at(port)

	buffer := make([]byte, 64)
	kept, datagrams := dial(t, node), udpClient(t, node)
	for _, work := range []struct {
		name string
		do   func() error
		most cost
	}{
		{"a new connection with a request", func() error { return oneCostRequest(node, buffer) }, cost{
			calls: map[uintptr]float64{
				unix.SYS_ACCEPT4: 2, // a busy event loop looks for more
				unix.SYS_SOCKET:  1, unix.SYS_CONNECT: 1, unix.SYS_EPOLL_CTL: 2,
				unix.SYS_READ:  4, // one more when the answer and its end come apart
				unix.SYS_WRITE: 2, unix.SYS_SHUTDOWN: 1, unix.SYS_CLOSE: 2, unix.SYS_EPOLL_PWAIT: 8,
			},
			allocations: 2,
		}},
		{"a request on a kept connection", func() error { return ping(kept.TCPConn, 'k', buffer) }, cost{
			calls: map[uintptr]float64{unix.SYS_READ: 2, unix.SYS_WRITE: 2, unix.SYS_EPOLL_PWAIT: 6},
		}},
		{"a datagram and its answer", func() error { return ping(datagrams, 'k', buffer) }, cost{
			calls:       map[uintptr]float64{unix.SYS_RECVMMSG: 2, unix.SYS_SENDMMSG: 2, unix.SYS_EPOLL_PWAIT: 6},
			allocations: 0.5, // buffers that a garbage collection took from their pool
		}},
	} {
		t.Run(work.name, func(t *testing.T) { compareCost(t, p, work.do, &work.most) })
	}
}

// compareCost does some work many times and compares what it took.
func compareCost(t *testing.T, p *traced, do func() error, most *cost) {
	const times = 200
	const slack = times / 4 // for what comes by time, and what the first time takes
	var before, after float64
	if err := do(); err != nil {
		t.Fatal(err)
	}
	p.ask(t, "allocations", &before)
	calls := p.counted()
	for range times {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	now := p.counted()
	p.ask(t, "allocations", &after)
	for number, n := range now {
		made := float64(n - calls[number])
		if !ofTheRuntime(number) && made > most.calls[number]*times+slack {
			t.Errorf("system call %d was made %.2f times each, of at most %.1f", number, made/times, most.calls[number])
		}
	}
	for number, n := range most.calls {
		t.Logf("system call %d: %.2f each, at most %.1f", number, float64(now[number]-calls[number])/times, n)
	}
	t.Logf("allocations: %.2f each, at most %.1f", (after-before)/times, most.allocations)
	if raceDetector() { // sync.Pool drops a part of what it is given
		return
	}
	if after-before > most.allocations*times+slack {
		t.Errorf("%.2f allocations each, of at most %.1f", (after-before)/times, most.allocations)
	}
}

// raceDetector reports whether the test was built with -race.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// ofTheRuntime reports whether the Go runtime makes a system call by itself, as
// time passes.
func ofTheRuntime(number uintptr) bool {
	switch number {
	case unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_TGKILL, unix.SYS_GETPID, unix.SYS_RT_SIGRETURN, unix.SYS_RT_SIGPROCMASK,
		unix.SYS_SCHED_YIELD, unix.SYS_MADVISE, unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_CLOCK_GETTIME, unix.SYS_RESTART_SYSCALL:
		return true
	}
	return false
}

// costBackend echoes messages of TCP and UDP, and ends its side of a connection
// after a message that begins with 'o'. Its port is none that the kernel gives
// to sockets: connections to those cost a system call more.
func costBackend(t *testing.T) netip.AddrPort {
	address := at(freePort(t))
	listener, err := net.Listen("tcp", address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	packets := listenUDPAt(t, address)
	go func() {
		buffer := make([]byte, 64)
		for {
			n, client, err := packets.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = packets.WriteToUDPAddrPort(buffer[:n], client)
		}
	}()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerForCosts(conn.(*net.TCPConn))
		}
	}()
	return address
}

func answerForCosts(conn *net.TCPConn) {
	defer conn.Close()
	buffer := make([]byte, 64)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		_, _ = conn.Write(buffer[:n])
		if buffer[0] == 'o' {
			_ = conn.CloseWrite()
		}
	}
}

func oneCostRequest(to netip.AddrPort, buffer []byte) error {
	conn, err := net.Dial("tcp", to.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := ping(conn, 'o', buffer); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return err
}

// ping sends a message and reads it back.
func ping(conn net.Conn, kind byte, buffer []byte) error {
	if _, err := conn.Write([]byte{kind, 'h', 'i'}); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, buffer[:3])
	return err
}
