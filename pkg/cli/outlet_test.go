package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// gate is a stream that takes nothing until it is opened.
type gate struct {
	open chan struct{}
	written
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	return g.written.Write(p)
}

func TestOutlet(t *testing.T) {
	t.Run("writes never wait, are bounded, and what is lost is reported", func(t *testing.T) {
		stuck := &gate{open: make(chan struct{})}
		var report bytes.Buffer
		o := newOutlet(&report)
		out := o.writer(stuck)
		line := strings.Repeat("x", 1023) + "\n"
		const lines = outletLimit / 1024
		for range lines + 5 {
			if n, err := io.WriteString(out, line); n != len(line) || err != nil {
				t.Fatalf("it wrote %d bytes, %v", n, err)
			}
		}
		if !o.busy() {
			t.Error("it is not busy when it is full")
		}
		close(stuck.open)
		o.close()
		if got := strings.Count(stuck.String(), line); got != lines {
			t.Errorf("%d lines were written, want %d", got, lines)
		}
		if want := "note: 5 lines were left out, because nobody read the output\n"; report.String() != want {
			t.Errorf("it reported %q, want %q", report.String(), want)
		}
	})
	t.Run("its end does not wait for a stream that is stuck", func(*testing.T) {
		stuck := &gate{open: make(chan struct{})}
		defer close(stuck.open)
		o := newOutlet(io.Discard)
		_, _ = io.WriteString(o.writer(stuck), "hello\n")
		o.close()
	})
	t.Run("the streams are those of before when it ends", func(t *testing.T) {
		streams, _, out, errOut := genericiooptions.NewTestIOStreams()
		f := newFactory(streams)
		_, restore := f.decouple()
		_, _ = io.WriteString(f.Out, "result\n")
		f.say("message")
		restore()
		if f.Out != streams.Out || out.String() != "result\n" || errOut.String() != "message\n" {
			t.Errorf("it wrote %q and %q", out, errOut)
		}
	})
}

func TestEventQueue(t *testing.T) {
	t.Run("events beyond the limit are counted", func(t *testing.T) {
		q := newEventQueue[int]()
		for i := range mostEvents + 7 {
			q.add(i)
		}
		if events, lost := q.take(); len(events) != mostEvents || lost != 7 {
			t.Errorf("%d are kept and %d lost", len(events), lost)
		}
	})
	t.Run("what can wait waits for room, and no longer than the queue lasts", func(t *testing.T) {
		q := newEventQueue[int]()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 10 * waitingEvents {
				q.addWaiting(i)
			}
		}()
		for got := 0; got < 5*waitingEvents; {
			<-q.ready
			events, lost := q.take()
			if len(events) > waitingEvents || lost > 0 {
				t.Fatalf("%d are kept and %d lost", len(events), lost)
			}
			got += len(events)
		}
		q.end()
		<-done
	})
}
