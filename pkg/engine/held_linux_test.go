package engine

import (
	"net"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTenThousandConnectionsAreHeld(t *testing.T) {
	const wanted, ends, spare = 10_000, 4, 500
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	limit := int(raiseDescriptors(ends*wanted + spare))
	connections := min(wanted, (limit-spare)/ends)
	if connections < 1000 {
		t.Skipf("skipped: %d file descriptors are allowed, of which each connection takes %d here", limit, ends)
	}
	if connections < wanted {
		t.Logf("only %d connections: %d file descriptors are allowed, of which each takes %d here", connections, limit, ends)
	}
	accepted := make(chan net.Conn, connections)
	endpoint := backendOf(t, func(conn net.Conn) { accepted <- conn })
	noLeak := leaks(t)
	port := freePort(t)
	e := New(Options{MaxConnections: connections})
	e.Execute(tableOf(web(port, endpoint)))
	before := memory()
	var clients, servers []net.Conn
	for range connections {
		conn, err := net.Dial("tcp", at(port).String())
		if err != nil {
			t.Fatal(err)
		}
		clients, servers = append(clients, conn), append(servers, <-accepted)
	}
	t.Logf("%d bytes of memory a connection, with those of the test itself", (memory()-before)/uint64(connections))
	for _, conn := range clients {
		if _, err := conn.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for _, conn := range servers {
		if n, err := conn.Read(make([]byte, 2)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if got := e.Status().Connections; got != connections {
		t.Errorf("%d are open", got)
	}
	for i := range clients {
		abort(clients[i])
		abort(servers[i])
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	noLeak()
}

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// raiseDescriptors has this process open so many files, if it may.
func raiseDescriptors(n uint64) uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil || limit.Cur >= n {
		return limit.Cur
	}
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: max(n, limit.Max)}) != nil {
		return limit.Cur
	}
	return n
}
