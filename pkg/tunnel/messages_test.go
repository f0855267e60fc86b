package tunnel

import "testing"

// outlet is a carrier that gives what is sent to who receives from it.
type outlet chan []byte

func (o outlet) send(message []byte) error { o <- message; return nil }
func (outlet) Read([]byte) (int, error)    { select {} }
func (outlet) Close() error                { return nil }

func TestATunnelThatHasLittleToSayKeepsAShortBuffer(t *testing.T) {
	sent := make(outlet)
	s := &session{dialer: &Dialer{}, carrier: sent}
	s.init()
	s.control(func(out []byte) []byte { return append(out, make([]byte, 3*shortMessage)...) })
	go s.write()
	t.Cleanup(func() { close(s.done) })
	<-sent
	s.control(s.ping)
	<-sent
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(s.out) != shortMessage {
		t.Errorf("it keeps %d bytes", cap(s.out))
	}
}
