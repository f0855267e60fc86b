package tunnel

import "sync"

// maxChunk is the size of the largest chunk: that of a frame as container
// runtimes write it.
const maxChunk = 32 << 10

// chunkPool holds the buffers of received data, so that a long download uses the
// same ones again.
type chunkPool struct{ pool sync.Pool }

// get returns a buffer of size bytes, at most maxChunk. A short one is allocated,
// so that many small frames that nobody reads do not each hold a long buffer.
func (c *chunkPool) get(size int) []byte {
	if size < maxChunk/4 {
		return make([]byte, size)
	}
	if p, ok := c.pool.Get().(*[maxChunk]byte); ok {
		return p[:size]
	}
	return new([maxChunk]byte)[:size]
}

// put takes a buffer that is no longer used.
func (c *chunkPool) put(chunk []byte) {
	if cap(chunk) == maxChunk {
		c.pool.Put((*[maxChunk]byte)(chunk[:maxChunk]))
	}
}
