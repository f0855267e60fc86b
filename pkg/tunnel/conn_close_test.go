package tunnel

import (
	"io"
	"sync"
	"testing"
	"time"
)

func TestAPodMayAnswerWhileTheClientHalfCloses(t *testing.T) {
	s := unconnectedSession(nil)
	for range 50_000 {
		c := s.open(80)
		if _, err := c.Write([]byte("request")); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() { c.receive(c.dataStream, []byte("answer")) })
		both.Go(func() { _ = c.CloseWrite() })
		both.Wait()
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadFull(c, make([]byte, len("answer"))); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		c.fail(io.ErrUnexpectedEOF)
		s.mu.Lock()
		s.queued = s.queued[:headroom] // as if it had been written
		s.mu.Unlock()
	}
}
