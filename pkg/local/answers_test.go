package local

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"
)

// dialAnswers connects to the stand-ins; every read and write has a limit.
func dialAnswers(t *testing.T, a *answers) net.Conn {
	t.Helper()
	conn, err := a.dial(t.Context(), "tcp", &caller{probe: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func newTestAnswers(t *testing.T) *answers {
	t.Helper()
	a, err := newAnswers()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a
}

func TestAConnectionToAStandInTakesNoFileDescriptor(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: descriptors are counted in /proc")
	}
	a := newTestAnswers(t)
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	const connections = 50
	before := count()
	for range connections {
		conn := dialAnswers(t, a)
		if _, err := io.WriteString(conn, "hello"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, len("hello"))); err != nil {
			t.Fatal(err)
		}
	}
	if after := count(); after-before >= connections {
		t.Errorf("%d connections take %d descriptors", connections, after-before)
	}
}

func TestAStandInEchoesUntilTheClientHasSentItsLast(t *testing.T) {
	a := newTestAnswers(t)
	conn := dialAnswers(t, a)
	var group sync.WaitGroup
	defer group.Wait()
	text := make([]byte, 1<<20)
	for i := range text {
		text[i] = byte(i)
	}
	group.Go(func() {
		_, err := conn.Write(text)
		if err := errors.Join(err, conn.(interface{ CloseWrite() error }).CloseWrite()); err != nil {
			t.Error(err)
		}
	})
	got, err := io.ReadAll(conn)
	if err != nil || string(got) != string(text) {
		t.Errorf("read %d bytes, %v; want %d", len(got), err, len(text))
	}
}

func TestStandInsThatAreClosedEndTheirConnections(t *testing.T) {
	a, err := newAnswers()
	if err != nil {
		t.Fatal(err)
	}
	conn := dialAnswers(t, a)
	a.close()
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection did not end: %v", err)
	}
	if conn, err := a.dial(t.Context(), "tcp", &caller{probe: true}); err == nil {
		_ = conn.Close()
		t.Error("a connection is made after the end")
	}
}
