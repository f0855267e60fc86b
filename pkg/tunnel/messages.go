package tunnel

import "sync"

const (
	// shortMessage is enough for what opens a connection and asks for little,
	// and longMessage for all that is enqueued before connections wait.
	shortMessage = 4 << 10
	longMessage  = headroom + outLimit + frameHeader + maxData
)

// messages are the long buffers of what is to be written. All tunnels share
// them: one that has nothing to say has none.
type messages struct{ pool sync.Pool }

// get returns an empty buffer.
func (m *messages) get() []byte {
	if p, ok := m.pool.Get().(*[longMessage]byte); ok {
		return p[:0]
	}
	return new([longMessage]byte)[:0]
}

// put takes a buffer that nobody uses any more, and tells that it did: one of
// another length it does not.
func (m *messages) put(message []byte) bool {
	if cap(message) != longMessage {
		return false
	}
	m.pool.Put((*[longMessage]byte)(message[:longMessage]))
	return true
}
