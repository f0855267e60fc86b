package tunnel

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"k8s.io/streaming/pkg/httpstream"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/spdy"
)

// inputCarrier is a carrier that delivers what a test wants and drops what is
// written.
type inputCarrier struct{ io.Reader }

func (inputCarrier) WriteMessage([]byte) error { return nil }
func (inputCarrier) Close() error              { return nil }

// unconnectedSession returns a session without goroutines, which reads from in.
func unconnectedSession(in io.Reader) *session {
	d := &Dialer{options: Options{}.withDefaults(), upgrader: &upgrader{}}
	d.pools.init()
	return newSession(d, testPod, inputCarrier{bufio.NewReader(in)})
}

// queuedBytes returns the number of bytes that wait to be written.
func (s *session) queuedBytes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queued)
}

// pings is an input of the given number of pings of a node.
type pings struct{ left int }

func (p *pings) Read(b []byte) (int, error) {
	n := 0
	for ping := spdy.AppendPing(nil, 2); p.left > 0 && len(b)-n >= len(ping); p.left-- {
		n += copy(b[n:], ping)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func TestAConnectionThatIsSilentStaysOpen(t *testing.T) {
	transports(t, func(t *testing.T, s *server) {
		const timeout = 500 * time.Millisecond
		d := dialer(t, s, Options{PingTimeout: timeout})
		c := connect(t, d, 7)
		mustEcho(t, c, "before")
		for end := time.Now().Add(4 * timeout); time.Now().Before(end); {
			_ = c.SetReadDeadline(end)
			if _, err := c.Read(make([]byte, 1)); !isTimeout(err) {
				t.Fatalf("read: %v", err)
			}
		}
		mustEcho(t, c, "after")
	})
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// Without an answer, the tunnel would be retired five seconds later and a new one
// be dialed.
func TestATunnelIsUsedAgainAfterARefusal(t *testing.T) {
	d := dialer(t, start(t), Options{})
	for range 20 {
		c := connect(t, d, 9)
		_, _ = io.WriteString(c, "early bytes")
		if _, err := io.ReadAll(c); !isKind(err, Refused) {
			t.Fatalf("read: %v", err)
		}
		_ = c.Close()
		idle(t, d)
	}
	if stats := d.Stats(); stats.Dials > 2 { // one, and a spare one
		t.Errorf("20 refusals took %d tunnels", stats.Dials)
	}
}

// idle waits until all tunnels are idle.
func idle(t *testing.T, d *Dialer) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if stats := d.Stats(); stats.Tunnels > 0 && stats.Idle == stats.Tunnels {
			return
		}
	}
	t.Fatalf("the tunnels are not idle: %+v", d.Stats())
}

// A node that pings and does not read the answers must not make anything grow.
func TestPingsOfANodeThatDoesNotReadAreBounded(t *testing.T) {
	const count = 1_000_000
	s := unconnectedSession(&pings{left: count})
	go s.keepAlive()
	before := runtime.NumGoroutine()
	s.read()
	if got, limit := s.queuedBytes(), maxQueued+100; got > limit {
		t.Errorf("%d pings queue %d bytes, want at most %d", count, got, limit)
	}
	if more := runtime.NumGoroutine() - before; more > 2 {
		t.Errorf("%d goroutines more after %d pings", more, count)
	}
}

// Nor must connections that are opened and closed meanwhile.
func TestNoConnectionIsOpenedOnATunnelThatIsStuck(t *testing.T) {
	s := unconnectedSession(bytes.NewReader(nil))
	for opened := 0; ; opened++ {
		c := s.open(80)
		if c == nil {
			break
		}
		if opened > maxQueued {
			t.Fatal("connections are opened without limit")
		}
		_ = c.Close()
		c.fail(io.ErrUnexpectedEOF)
	}
	if s.usable() {
		t.Error("it is usable")
	}
	if got := s.queuedBytes(); got > 2*maxQueued {
		t.Errorf("%d bytes are queued", got)
	}
}

func TestTinyFramesTakeLittleMoreThanTheBuffer(t *testing.T) {
	s := unconnectedSession(bytes.NewReader(nil))
	c := s.open(80)
	received := 0
	for {
		if _, full := c.full(); full {
			break
		}
		received++
		c.receive(c.dataStream, []byte("x"))
	}
	if limit := s.buffer / chunkCost; received > limit {
		t.Errorf("%d chunks are buffered, want at most %d", received, limit)
	}
}

func TestAReasonIsBounded(t *testing.T) {
	s := unconnectedSession(bytes.NewReader(nil))
	c := s.open(80)
	for range 100 {
		c.receive(c.errorStream, bytes.Repeat([]byte("no "), 1000))
	}
	c.streamEnded(c.errorStream)
	_, err := c.Read(make([]byte, 1))
	if !isKind(err, Failed) || len(err.Error()) > 2*maxMessage {
		t.Errorf("read: %.100v… of %d bytes", err, len(err.Error()))
	}
	if len(c.node.reason) > maxReason {
		t.Errorf("%d bytes are kept", len(c.node.reason))
	}
}

// The end of the data may be repeated; one timer waits for the reason.
func TestRepeatedEndsOfAStreamStartNothing(t *testing.T) {
	const ends = 100_000
	var wire []byte
	for range ends {
		wire = spdy.AppendReset(wire, 3)
		wire = spdy.AppendData(wire, 3, true, []byte("x"))
	}
	s := unconnectedSession(bytes.NewReader(wire))
	c := s.open(80)
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	objects := stats.HeapObjects
	s.readAll(t)
	runtime.GC()
	runtime.ReadMemStats(&stats)
	if more := int64(stats.HeapObjects) - int64(objects); more > ends/10 {
		t.Errorf("%d objects more after %d ends", more, ends)
	}
	if c.received.size != 0 {
		t.Errorf("%d bytes were received after the end", c.received.size)
	}
	c.fail(io.ErrUnexpectedEOF)
}

// readAll handles all frames of the input without ending the session.
func (s *session) readAll(t *testing.T) {
	t.Helper()
	for frames := spdy.NewReader(s.carrier); ; {
		f, err := frames.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = s.handle(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestATunnelIsRetiredWhenTooMuchArrivesForNobody(t *testing.T) {
	for _, test := range []struct {
		name  string
		close bool
		size  int
	}{
		{"after Close", true, maxDropped + 1},
		{"for an unknown stream", false, maxStray + 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var wire []byte
			for left := test.size; left > 0; left -= 1 << 10 {
				stream := uint32(3)
				if !test.close {
					stream = 99
				}
				wire = spdy.AppendData(wire, stream, false, make([]byte, 1<<10))
			}
			s := unconnectedSession(bytes.NewReader(wire))
			s.users = 1
			c := s.open(80)
			if test.close {
				_ = c.Close()
				s.users = 1 // another connection uses it meanwhile
			}
			s.readAll(t)
			for end := time.Now().Add(10 * time.Second); !s.isRetired(); time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("it is not retired")
				}
			}
			c.fail(io.ErrUnexpectedEOF)
		})
	}
}

func (s *session) isRetired() bool {
	s.dialer.pools.mu.Lock()
	defer s.dialer.pools.mu.Unlock()
	return s.retired
}

// A pod may go on sending: it must end when its tunnel is retired.
func TestNothingIsLeftOfAPodThatSendsAfterClose(t *testing.T) {
	r := record()
	s := start(t)
	s.forward = func(_ string, data httpstream.Stream) error {
		_, _ = io.CopyN(io.Discard, data, 2)
		for chunk := make([]byte, 32<<10); ; {
			if _, err := data.Write(chunk); err != nil {
				return nil
			}
		}
	}
	d := dialer(t, s, Options{OnEvent: r.add})
	c := connect(t, d, 7)
	_, _ = io.WriteString(c, "go")
	_, _ = io.ReadFull(c, make([]byte, 1))
	_ = c.Close()
	r.await(t, Ended, 1)
	if stats := d.Stats(); stats.Connections != 0 {
		t.Errorf("connections are still counted: %+v", stats)
	}
}

// FuzzSession reads whatever a server may send, over both carriers. It must not
// panic, and nothing may be left of the connection or grow beyond its limit.
func FuzzSession(f *testing.F) {
	f.Add([]byte{0x82, 4, 1, 2, 3, 4})
	f.Add(append([]byte{0x82, 0x7e, 0, 20}, spdy.AppendPing(nil, 2)...))
	f.Add(spdy.AppendData(nil, 3, true, []byte("hello")))
	f.Add(spdy.AppendData(spdy.AppendData(nil, 1, true, []byte("refused")), 3, true, nil))
	f.Add(spdy.AppendReset(nil, 3))
	f.Add(binary.BigEndian.AppendUint64(nil, 0x8003000200000000))
	f.Add([]byte{0x89, 126, 0, 1})
	f.Fuzz(func(t *testing.T, wire []byte) {
		for _, wrap := range []func(io.ReadWriteCloser) carrier{newWebSocketCarrier, newBareCarrier} {
			s := unconnectedSession(nil)
			s.carrier = wrap(&readOnly{bytes.NewReader(wire)})
			c := s.open(7)
			_, _ = c.Write([]byte("request"))
			if len(wire)%2 == 1 {
				_ = c.CloseWrite()
			}
			s.read()
			_ = c.SetReadDeadline(time.Now().Add(10 * time.Second)) // it has ended with the session
			n, err := io.Copy(io.Discard, c)
			if n > int64(len(wire)) || isTimeout(err) && !isKind(err, TimedOut) {
				t.Fatalf("read %d bytes of %d, %v", n, len(wire), err)
			}
			if len(s.conns) != 0 || s.queuedBytes() > maxQueued+len(wire) {
				t.Fatalf("%d streams and %d bytes are left", len(s.conns), s.queuedBytes())
			}
			_ = c.Close()
			if c.phase != phaseClosed {
				t.Fatalf("phase %d after Close", c.phase)
			}
		}
	})
}

// readOnly is a connection that takes all that is written.
type readOnly struct{ io.Reader }

func (*readOnly) Write(p []byte) (int, error) { return len(p), nil }
func (*readOnly) Close() error                { return nil }
