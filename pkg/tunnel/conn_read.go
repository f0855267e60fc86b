package tunnel

import (
	"errors"
	"io"
	"net"
	"os"
)

// Read reads what the pod sent. io.EOF is a proper end: the node has told that
// there was no failure.
func (c *Conn) Read(p []byte) (int, error) {
	n := 0
	err := c.await(func() bool {
		n = c.take(p)
		return n > 0 || len(p) == 0
	})
	return n, err
}

// TryWriter is a writer that can tell how much it takes without waiting.
type TryWriter interface {
	io.Writer
	// TryWrite writes as much as it can without waiting and returns how many
	// bytes that were. What it fails with, Write meets next.
	TryWrite(p []byte) int
}

// WriteTo implements io.WriterTo: it writes what the pod sends until its end.
//
// A w that is a TryWriter is, after the first Write, offered what comes while
// nothing is left to be written, by the goroutine that reads the tunnel: no
// other has to be woken for each frame of a long stream. It must then call no
// method of the connection.
func (c *Conn) WriteTo(w io.Writer) (written int64, err error) {
	var eager TryWriter // after the first Write
	defer func() {
		c.mu.Lock()
		written += c.passed
		c.eager, c.passed = nil, 0
		c.mu.Unlock()
	}()
	for {
		chunk, begin, err := c.next(eager)
		if errors.Is(err, io.EOF) {
			return written, nil
		}
		if err != nil {
			return written, err
		}
		n, err := w.Write(chunk[begin:])
		written += int64(n)
		c.session.dialer.chunks.put(chunk)
		if err != nil {
			return written, err
		}
		eager, _ = w.(TryWriter)
	}
}

// next returns the oldest chunk that is not read, and where in it that begins.
// What comes while it waits may go to eager.
func (c *Conn) next(eager TryWriter) (chunk []byte, begin int, err error) {
	err = c.await(func() bool {
		if len(c.chunks) == 0 {
			c.eager = eager
			return false
		}
		chunk, begin = c.chunks[0], c.begin
		c.size -= len(chunk) - begin
		c.drop()
		c.notify()
		return true
	})
	return chunk, begin, err
}

// await calls try with c.mu held until it has found something, and returns why
// there is nothing to be found any more.
func (c *Conn) await(try func() bool) error {
	for {
		passed := c.readBy.passed()
		if isClosed(passed) {
			return os.ErrDeadlineExceeded
		}
		wait, err := c.attempt(try)
		if wait == nil {
			return err
		}
		select {
		case <-wait:
		case <-passed:
		}
	}
}

// attempt calls try once; wait is nil unless another attempt may find more.
func (c *Conn) attempt(try func() bool) (wait <-chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, net.ErrClosed
	case try():
		return nil, nil
	case c.over():
		return nil, c.end()
	}
	return c.change(), nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// take copies what is not read to p; c.mu is held.
func (c *Conn) take(p []byte) int {
	n := 0
	for len(c.chunks) > 0 && n < len(p) {
		first := c.chunks[0]
		took := copy(p[n:], first[c.begin:])
		n, c.begin, c.size = n+took, c.begin+took, c.size-took
		if c.begin == len(first) {
			c.drop()
			c.session.dialer.chunks.put(first)
		}
	}
	if n > 0 {
		c.notify()
	}
	return n
}

// drop forgets the oldest chunk; c.mu is held.
func (c *Conn) drop() {
	c.chunks[0] = nil
	c.chunks, c.begin = c.chunks[1:], 0
}
