package tunnel

import "testing"

// outlet is a carrier that passes on the messages that are written.
type outlet chan []byte

func (o outlet) WriteMessage(message []byte) error { o <- message; return nil }
func (outlet) Read([]byte) (int, error)            { select {} }
func (outlet) Close() error                        { return nil }

func TestATunnelWithLittleToWriteKeepsAShortBuffer(t *testing.T) {
	sent := make(outlet)
	s := newSession(&Dialer{}, testPod, sent)
	s.queue(func(out []byte) []byte { return append(out, make([]byte, 3*shortMessage)...) })
	go s.write()
	t.Cleanup(func() { close(s.done) })
	<-sent
	s.queue(s.appendPingLocked)
	<-sent
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(s.queued) != shortMessage {
		t.Errorf("it keeps %d bytes", cap(s.queued))
	}
}
