package link

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// wire is an interface whose frames are those of channels.
type wire struct {
	received, sent chan []byte
	closed         chan struct{}
}

func newWire() *wire {
	return &wire{make(chan []byte), make(chan []byte, 2*maxWaiting), make(chan struct{})}
}

func (w *wire) Read(frame []byte) (int, error) {
	select {
	case f := <-w.received:
		return copy(frame, f), nil
	case <-w.closed:
		return 0, io.EOF
	}
}

func (w *wire) Write(frame []byte) (int, error) {
	w.sent <- slices.Clone(frame)
	return len(frame), nil
}

func (w *wire) Close() error {
	close(w.closed)
	return nil
}

func startLink(t *testing.T, c Conditions) (a, b *wire) {
	t.Helper()
	a, b = newWire(), newWire()
	l := Start(a, b, c)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return a, b
}

// ethernet returns a frame of an EtherType.
func ethernet(kind uint16, packet []byte) []byte {
	frame := make([]byte, headerLength, headerLength+len(packet))
	binary.BigEndian.PutUint16(frame[12:], kind)
	return append(frame, packet...)
}

func numbered(i int) []byte {
	return ethernet(0x0800, binary.BigEndian.AppendUint32(nil, uint32(i)))
}

func TestEachDirectionTakesHalfTheRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := startLink(t, Conditions{RoundTrip: time.Second})
		start := time.Now()
		a.received <- numbered(1)
		there := <-b.sent
		if took := time.Since(start); took != time.Second/2 || !bytes.Equal(there, numbered(1)) {
			t.Errorf("%x left after %s", there, took)
		}
		b.received <- there
		<-a.sent
		if took := time.Since(start); took != time.Second {
			t.Errorf("the round trip took %s", took)
		}
	})
}

func TestDelayedFramesAreOnTheirWayTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := startLink(t, Conditions{RoundTrip: 2 * time.Second})
		start := time.Now()
		for i := range 100 {
			a.received <- numbered(i)
		}
		for range 100 {
			<-b.sent
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("100 frames took %s", took)
		}
	})
}

func TestJitterDoesNotReorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := startLink(t, Conditions{Jitter: time.Second})
		start, late := time.Now(), false
		for i := range 1000 {
			a.received <- numbered(i)
		}
		for i := range 1000 {
			if frame := <-b.sent; !bytes.Equal(frame, numbered(i)) {
				t.Fatalf("frame %d is %x", i, frame)
			}
			late = late || time.Since(start) > time.Second/2
		}
		if took := time.Since(start); !late || took > time.Second {
			t.Errorf("the frames took up to %s", took)
		}
	})
}

// crossed returns which of n frames are not lost.
func crossed(t *testing.T, c Conditions, n int) []int {
	t.Helper()
	d := newDirection(c, 0)
	var crossed []int
	for i := range n {
		if _, ok := d.schedule(time.Time{}); ok {
			crossed = append(crossed, i)
		}
	}
	return crossed
}

func TestLossIsThatOfTheSeed(t *testing.T) {
	const n = 10000
	for _, percent := range []float64{0, 2, 30, 100} {
		kept := crossed(t, Conditions{Loss: percent, Seed: 1}, n)
		if lost := 100 - float64(len(kept))*100/n; lost < percent*0.8 || lost > percent*1.2 {
			t.Errorf("of %v percent %v were lost", percent, lost)
		}
		slow := Conditions{Loss: percent, Seed: 1, RoundTrip: time.Second, Jitter: time.Second}
		if !slices.Equal(kept, crossed(t, slow, n)) {
			t.Errorf("of %v percent, a slow link loses others", percent)
		}
		if other := crossed(t, Conditions{Loss: percent, Seed: 2}, n); slices.Equal(kept, other) != (percent == 0 || percent == 100) {
			t.Errorf("of %v percent, another seed lost the same: %t", percent, slices.Equal(kept, other))
		}
	}
}

func TestNeighborsAreFoundAtOnce(t *testing.T) {
	discovery := func(kind byte) []byte {
		packet := make([]byte, 64)
		packet[6], packet[40] = icmpv6, kind
		return ethernet(typeIPv6, packet)
	}
	synctest.Test(t, func(t *testing.T) {
		a, b := startLink(t, Conditions{RoundTrip: time.Hour, Loss: 100})
		start := time.Now()
		a.received <- discovery(128) // an echo request
		for _, frame := range [][]byte{ethernet(typeARP, make([]byte, 28)), discovery(135), discovery(136)} {
			a.received <- frame
			if got := <-b.sent; !bytes.Equal(got, frame) {
				t.Errorf("received %x, not %x", got, frame)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("took %s", took)
		}
	})
	for _, cut := range [][]byte{nil, make([]byte, headerLength-1), ethernet(typeIPv6, make([]byte, 40))} {
		if findsNeighbors(cut) {
			t.Errorf("%x finds neighbors", cut)
		}
	}
}

func TestFullQueueLosesFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := startLink(t, Conditions{RoundTrip: time.Hour})
		for i := range 2 * maxWaiting {
			a.received <- numbered(i)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		// One more than the queue holds waits for its time.
		if n := len(b.sent); n < maxWaiting || n > maxWaiting+1 {
			t.Errorf("%d frames crossed", n)
		}
	})
}

func TestConditionsThatNoLinkHas(t *testing.T) {
	nan := 0.0
	nan /= nan
	for _, c := range []Conditions{{RoundTrip: -1}, {Jitter: -1}, {Loss: -1}, {Loss: 101}, {Loss: nan}} {
		if c.Validate() == nil {
			t.Errorf("%+v is valid", c)
		}
	}
	if err := (Conditions{RoundTrip: time.Second, Jitter: time.Second, Loss: 100}).Validate(); err != nil {
		t.Error(err)
	}
}
