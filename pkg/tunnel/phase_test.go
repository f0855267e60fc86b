package tunnel

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/spdy"
)

// written counts the ends of our side that are queued: of the data stream by a
// fin, and of a reset.
func (s *session) written(t *testing.T) (fins, resets int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	in := bytes.NewReader(s.queued[headroom:])
	for frames := spdy.NewReader(in); ; {
		f, err := frames.Next()
		switch {
		case errors.Is(err, io.EOF):
			return fins, resets
		case err != nil:
			t.Fatal(err)
		case f.Type == spdy.Data && f.Fin:
			fins++
		case f.Type == spdy.RstStream:
			resets++
		}
		_, _ = in.Seek(int64(f.Length), io.SeekCurrent)
	}
}

// checkClosed checks what holds for each connection that is closed on both sides.
func checkClosed(t *testing.T, c *Conn) {
	t.Helper()
	s := c.session
	if c.phase != phaseClosed {
		t.Errorf("phase %d", c.phase)
	}
	for name, timer := range map[string]*timer{
		"reply": &c.timers.reply, "hold": &c.timers.hold, "reason": &c.timers.reason, "linger": &c.timers.linger,
	} {
		if timer.Timer != nil && timer.Stop() {
			t.Errorf("the timer %q still runs", name)
		}
	}
	if fins, resets := s.written(t); fins > 1 || resets > 1 || fins+resets == 0 {
		t.Errorf("%d ends and %d resets were sent", fins, resets)
	}
	if s.users != 0 || len(s.conns) != 0 {
		t.Errorf("%d users and %d streams are left", s.users, len(s.conns))
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read: %v", err)
	}
	if err := c.SetDeadline(time.Now().Add(time.Hour)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a deadline can be set: %v", err)
	}
	if err := errors.Join(c.CloseWrite(), c.Close()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("it can be closed again: %v", err)
	}
}

// events are all that can happen to a connection, on both sides.
var events = map[string]func(c *Conn){
	"Write":              func(c *Conn) { _, _ = c.Write([]byte("data")) },
	"CloseWrite":         func(c *Conn) { _ = c.CloseWrite() },
	"Close":              func(c *Conn) { _ = c.Close() },
	"SetDeadline":        func(c *Conn) { _ = c.SetDeadline(time.Now().Add(time.Hour)) },
	"hold expires":       func(c *Conn) { c.update(c.sendHeldFinLocked) },
	"error stream reply": func(c *Conn) { c.replied(c.errorStream) },
	"data stream reply":  func(c *Conn) { c.replied(c.dataStream) },
	"data":               func(c *Conn) { c.receive(c.dataStream, []byte("data")) },
	"reason":             func(c *Conn) { c.receive(c.errorStream, []byte("connection refused")) },
	"error stream ends":  func(c *Conn) { c.streamEnded(c.errorStream) },
	"data stream ends":   func(c *Conn) { c.streamEnded(c.dataStream) },
	"failure":            func(c *Conn) { c.fail(&Error{Kind: Lost}) },
}

// Whatever happens, and in whatever order: the phases only advance, and in the
// end everything was done exactly once.
func TestEventsInAnyOrder(t *testing.T) {
	names := make([]string, 0, len(events))
	for name := range events {
		names = append(names, name)
	}
	for range 3000 {
		s := unconnectedSession(nil)
		c := s.open(80)
		s.users = 1
		var order []string
		for range 1 + rand.IntN(12) {
			name := names[rand.IntN(len(names))]
			order = append(order, name)
			before := c.phase
			events[name](c)
			if after := c.phase; after != before && !reachable(before, after) {
				t.Fatalf("phase %d became %d after %q", before, after, order)
			}
		}
		_ = c.Close()
		c.fail(io.ErrUnexpectedEOF)
		checkClosed(t, c)
		if t.Failed() {
			t.Fatalf("after %q", order)
		}
	}
}

// reachable reports whether a phase may become another one in some steps.
func reachable(from, to phase) bool {
	for next := phaseOpen; next <= phaseClosed; next++ {
		if from.mayBecome(next) && (next == to || reachable(next, to)) {
			return true
		}
	}
	return false
}

func TestEventsAtTheSameTime(t *testing.T) {
	for range 1000 {
		s := unconnectedSession(nil)
		c := s.open(80)
		s.users = 1
		var all sync.WaitGroup
		for _, event := range events {
			all.Go(func() { event(c) })
		}
		all.Wait()
		checkClosed(t, c)
		if t.Failed() {
			return
		}
	}
}

func TestThePhasesNeverReturn(t *testing.T) {
	for p := phaseOpen; p <= phaseClosed; p++ {
		if reachable(p, p) {
			t.Errorf("phase %d can be reached again", p)
		}
		if p != phaseClosed && !reachable(p, phaseClosed) {
			t.Errorf("phase %d cannot be left for phaseClosed", p)
		}
	}
}

// The silence of the pod after which the end of our side is sent.
func TestHowLongTheEndOfWritingIsHeldBack(t *testing.T) {
	answer := func(c *Conn) { c.receive(c.dataStream, []byte("answer")) }
	request := func(c *Conn) { _, _ = c.Write([]byte("request")) }
	for _, test := range []struct {
		name          string
		before, after func(c *Conn)
		want          time.Duration
	}{
		{"the pod has answered", func(c *Conn) { request(c); time.Sleep(time.Nanosecond); answer(c) }, nil, holdAfterAnswer},
		{"the pod has answered long ago", func(c *Conn) { request(c); answer(c); time.Sleep(holdAfterAnswer) }, nil, 0},
		{"the pod speaks first", answer, nil, holdAfterAnswer},
		{"the pod has not answered", func(c *Conn) { answer(c); time.Sleep(time.Nanosecond); request(c) }, nil, holdBeforeAnswer},
		{"the pod answers later", func(c *Conn) { answer(c); time.Sleep(time.Nanosecond); request(c) }, answer, holdDuringAnswer},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := unconnectedSession(nil)
				c := s.open(80)
				c.replied(c.dataStream)
				test.before(c)
				if err := c.CloseWrite(); err != nil {
					t.Fatal(err)
				}
				if test.after != nil {
					test.after(c)
				}
				if test.want > 0 {
					time.Sleep(test.want - 1)
					synctest.Wait()
					if fins, _ := s.written(t); fins != 0 {
						t.Error("it was sent too early")
					}
					time.Sleep(time.Nanosecond)
					synctest.Wait()
				}
				if fins, _ := s.written(t); fins != 1 || c.phase != phaseFinSent {
					t.Errorf("%d ends were sent after %v", fins, test.want)
				}
				_ = c.Close()
				c.fail(io.ErrUnexpectedEOF)
			})
		})
	}
}

// A node that does not report what it should ends neither the program's wait nor
// the connection's memory.
func TestANodeThatReportsNothingIsGivenUp(t *testing.T) {
	for _, test := range []struct {
		name  string
		do    func(c *Conn)
		after time.Duration
		phase phase
		err   func(error) bool
	}{
		{"no reply", func(*Conn) {}, replyTimeout, phaseEnded, func(err error) bool { return isKind(err, TimedOut) }},
		{"no end after Close", func(c *Conn) { c.replied(c.dataStream); _ = c.Close() }, lingerTimeout, phaseClosed, closedError},
		{"neither", func(c *Conn) { _ = c.Close() }, lingerTimeout, phaseClosed, closedError},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := unconnectedSession(nil)
				s.users = 2 // another connection keeps the tunnel
				c := s.open(80)
				test.do(c)
				time.Sleep(test.after + 1)
				synctest.Wait()
				if !s.isRetired() || len(s.conns) != 0 || c.phase != test.phase {
					t.Errorf("retired %v, %d streams, phase %d", s.isRetired(), len(s.conns), c.phase)
				}
				if _, err := c.Read(make([]byte, 1)); !test.err(err) {
					t.Errorf("read: %v", err)
				}
			})
		})
	}
}

func closedError(err error) bool { return errors.Is(err, net.ErrClosed) }

// Data and reason arrive on two streams, in any order.
func TestAReasonMayArriveAfterTheData(t *testing.T) {
	for _, test := range []struct {
		name   string
		events []string
		want   string
	}{
		{"a proper end", []string{"data", "data stream ends", "error stream ends"}, "data <nil>"},
		{"a failure after the end", []string{"data stream ends", "reason", "error stream ends"}, " refused"},
		{"a failure before the end", []string{"reason", "error stream ends", "data stream ends"}, " refused"},
		{"data after the end", []string{"data stream ends", "data", "error stream ends"}, " <nil>"},
		{"no reason", []string{"data", "data stream ends"}, "data <nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := unconnectedSession(nil).open(80)
				for _, name := range test.events {
					events[name](c)
				}
				got, err := io.ReadAll(c)
				text := fmt.Sprintf("%s %v", got, err)
				if isKind(err, Refused) {
					text = fmt.Sprintf("%s refused", got)
				}
				if text != test.want {
					t.Errorf("got %q, want %q", text, test.want)
				}
			})
		})
	}
}
