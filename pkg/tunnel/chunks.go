package tunnel

import "sync"

// maxChunk is how much is read into one buffer: a frame as runtimes write them.
const maxChunk = 32 << 10

// chunks are the buffers of what was received and is not yet read. Those of
// long streams are used again and again.
type chunks struct{ pool sync.Pool }

// get returns a buffer of size bytes. A little has one of its own, so that many
// small frames that nobody reads cost no more than they are long.
func (c *chunks) get(size int) []byte {
	if size < maxChunk/4 {
		return make([]byte, size)
	}
	if p, ok := c.pool.Get().(*[maxChunk]byte); ok {
		return p[:size]
	}
	return new([maxChunk]byte)[:size]
}

// put takes a buffer that nobody uses any more.
func (c *chunks) put(chunk []byte) {
	if cap(chunk) == maxChunk {
		c.pool.Put((*[maxChunk]byte)(chunk[:maxChunk]))
	}
}
