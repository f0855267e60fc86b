package tunnel

import (
	"errors"
	"io"
	"net"
	"os"
)

// Read reads what the pod sent. io.EOF is a proper end: the node has reported no
// failure.
func (c *Conn) Read(p []byte) (int, error) {
	n := 0
	err := c.await(func() bool {
		if n = c.received.read(p); n > 0 {
			c.notifyLocked() // there is room
		}
		return n > 0 || len(p) == 0
	})
	return n, err
}

// TryWriter is a writer that can write without waiting.
type TryWriter interface {
	io.Writer
	// TryWrite writes as much as it can without waiting and returns the number of
	// bytes. The next call of Write returns the error, if there was one.
	TryWrite(p []byte) int
}

// WriteTo implements io.WriterTo: it writes what the pod sends until its end.
//
// If w is a TryWriter, then after the first Write the goroutine that reads the
// tunnel passes new data to TryWrite while nothing else is left to be written,
// so that no other goroutine has to wake up for each frame of a long download.
// TryWrite must not call methods of the connection.
func (c *Conn) WriteTo(w io.Writer) (written int64, err error) {
	var direct TryWriter // after the first Write
	defer func() {
		c.mu.Lock()
		written += c.directed
		c.direct, c.directed = nil, 0
		c.mu.Unlock()
	}()
	for {
		chunk, start, err := c.next(direct)
		if errors.Is(err, io.EOF) {
			return written, nil
		}
		if err != nil {
			return written, err
		}
		n, err := w.Write(chunk[start:])
		written += int64(n)
		c.session.dialer.chunks.put(chunk)
		if err != nil {
			return written, err
		}
		direct, _ = w.(TryWriter)
	}
}

// next waits for a chunk and returns it, with the start of what is not read of
// it. Data that arrives while it waits may go to direct instead.
func (c *Conn) next(direct TryWriter) (chunk []byte, start int, err error) {
	err = c.await(func() bool {
		chunk, start = c.received.next()
		if chunk == nil {
			c.direct = direct
			return false
		}
		c.notifyLocked() // there is room
		return true
	})
	return chunk, start, err
}

// await calls try, with the lock held, until it returns true. It returns an error
// when that can no longer happen.
func (c *Conn) await(try func() bool) error {
	for {
		expired := c.readDeadline.expired()
		if isClosed(expired) {
			return os.ErrDeadlineExceeded
		}
		wait, err := c.attempt(try)
		if wait == nil {
			return err
		}
		select {
		case <-wait:
		case <-expired:
		}
	}
}

// attempt calls try once. If another attempt may succeed, it returns a channel
// that is closed when it is time for that.
func (c *Conn) attempt(try func() bool) (wait <-chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.phase.closed():
		return nil, net.ErrClosed
	case try():
		return nil, nil
	case c.phase.over():
		return nil, c.err
	}
	return c.changeLocked(), nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
