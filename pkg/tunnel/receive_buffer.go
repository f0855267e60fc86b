package tunnel

// chunkCost is the number of bytes that a chunk costs besides its content. It is
// counted so that many tiny frames cannot take many times the buffer's size.
const chunkCost = 64

// receiveBuffer holds what was received and not yet read, in chunks that come
// from a pool and return to it. It is not safe for use by several goroutines.
type receiveBuffer struct {
	pool   *chunkPool
	chunks [][]byte
	start  int // of what is not read of the first chunk
	size   int // of all that is not read
}

// add appends a chunk, of which the first bytes were already read.
func (b *receiveBuffer) add(chunk []byte, read int) {
	if len(b.chunks) == 0 {
		b.start = read
	}
	b.chunks = append(b.chunks, chunk)
	b.size += len(chunk) - read
}

// cost returns the memory in use, in bytes.
func (b *receiveBuffer) cost() int { return b.size + chunkCost*len(b.chunks) }

// read copies to p what fits, and returns the number of bytes.
func (b *receiveBuffer) read(p []byte) int {
	n := 0
	for len(b.chunks) > 0 && n < len(p) {
		first := b.chunks[0]
		copied := copy(p[n:], first[b.start:])
		n, b.start, b.size = n+copied, b.start+copied, b.size-copied
		if b.start == len(first) {
			b.dropFirst()
			b.pool.put(first)
		}
	}
	return n
}

// next removes the first chunk and returns it, with the start of what is not
// read of it. It returns nil if there is none. The caller returns the chunk to
// the pool.
func (b *receiveBuffer) next() (chunk []byte, start int) {
	if len(b.chunks) == 0 {
		return nil, 0
	}
	chunk, start = b.chunks[0], b.start
	b.size -= len(chunk) - start
	b.dropFirst()
	return chunk, start
}

func (b *receiveBuffer) dropFirst() {
	b.chunks[0] = nil
	b.chunks, b.start = b.chunks[1:], 0
}

// clear drops everything.
func (b *receiveBuffer) clear() {
	for _, chunk := range b.chunks {
		b.pool.put(chunk)
	}
	b.chunks, b.start, b.size = nil, 0, 0
}
