package tunnel

import (
	"sync"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/spdy"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/websocket"
)

const (
	// headroom is the number of bytes that a message has before its frames.
	headroom = websocket.Headroom
	// shortMessage is enough to open a connection and to send a small request.
	shortMessage = 4 << 10
	// longMessage is enough for all that is queued before writers have to wait.
	longMessage = headroom + maxQueued + spdy.DataHeaderSize + maxData
)

// messagePool holds the long buffers of what is to be written. All tunnels share
// them, so that a tunnel with nothing to write holds none.
type messagePool struct{ pool sync.Pool }

// get returns an empty buffer.
func (m *messagePool) get() []byte {
	if p, ok := m.pool.Get().(*[longMessage]byte); ok {
		return p[:0]
	}
	return new([longMessage]byte)[:0]
}

// put takes a buffer that is no longer used. It reports false if the buffer does
// not belong here, by its length.
func (m *messagePool) put(message []byte) bool {
	if cap(message) != longMessage {
		return false
	}
	m.pool.Put((*[longMessage]byte)(message[:longMessage]))
	return true
}
