package tunnel

import (
	"io"
	"sync"
	"testing"
	"time"
)

// silentCarrier is a carrier on which nothing is received, and whatever is
// sent is dropped.
type silentCarrier struct{}

func (silentCarrier) send([]byte) error        { return nil }
func (silentCarrier) Read([]byte) (int, error) { return 0, io.EOF }
func (silentCarrier) Close() error             { return nil }

// unconnectedSession returns a session without goroutines: what a node sends
// is what the test calls.
func unconnectedSession() *session {
	d := &Dialer{options: Options{}.withDefaults(), upgrader: &upgrader{}}
	d.pools.init()
	s := &session{dialer: d, carrier: silentCarrier{}, pod: testPod, buffer: d.options.Buffer, limit: d.options.PingTimeout}
	s.init()
	return s
}

func TestAPodMayAnswerWhileTheClientHalfCloses(t *testing.T) {
	s := unconnectedSession()
	for range 50_000 {
		c := s.open(80)
		if _, err := c.Write([]byte("request")); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() { c.receive(c.dataID, []byte("answer")) })
		both.Go(func() { _ = c.CloseWrite() })
		both.Wait()
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadFull(c, make([]byte, len("answer"))); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		s.forget(c)
		s.mu.Lock()
		s.out = s.out[:headroom] // as if it had been written
		s.mu.Unlock()
	}
}
