// Package websocket is the client's side of a WebSocket (RFC 6455) that carries
// a stream of bytes: the limits of messages have no meaning.
//
// Nothing that a server sends is kept: of its control frames at most one ping
// waits to be answered, however many come.
package websocket

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6455 asks for it; it protects nothing
	"encoding/base64"
	"encoding/binary"
	"io"
	"sync"
	"time"
)

const (
	// closeTimeout limits how long Close waits to write the close frame.
	closeTimeout = time.Second
	// readBuffer holds headers and small frames. The content of large ones is read
	// past it, into the caller's buffer.
	readBuffer = 4 << 10
)

// NewKey returns a value for the header Sec-WebSocket-Key.
func NewKey() string { return base64.StdEncoding.EncodeToString([]byte(rand.Text()[:16])) }

// AcceptKey returns the value of the header Sec-WebSocket-Accept that proves
// that an answer belongs to the request with the key (RFC 6455, section 4.1).
func AcceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // see the import
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Conn is the client's side of a WebSocket. One goroutine may read while others
// write; Close may be called at any time.
type Conn struct {
	in   *bufio.Reader
	conn io.ReadWriteCloser
	left uint64 // bytes of the current frame that are not read yet

	writing sync.Mutex // held while a frame is written

	mu        sync.Mutex
	pong      []byte // the answer to the latest ping, after Headroom; nil if it was taken
	answering bool   // a goroutine writes pongs
}

// NewConn returns the WebSocket of a connection on which the handshake is done.
func NewConn(conn io.ReadWriteCloser) *Conn {
	return &Conn{in: bufio.NewReaderSize(conn, readBuffer), conn: conn}
}

// Read reads from the content of data frames. A close frame is io.EOF.
func (c *Conn) Read(p []byte) (int, error) {
	for c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n, err := c.in.Read(p[:min(uint64(len(p)), c.left)])
	c.left -= uint64(n)
	return n, err
}

// WriteMessage writes message[Headroom:] as one frame, in one call of Write. It
// may change all of the message.
func (c *Conn) WriteMessage(message []byte) error { return c.write(opBinary, message) }

func (c *Conn) write(op byte, message []byte) error {
	framed := frame(op, message)
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err := c.conn.Write(framed)
	return err
}

// answer has a pong written. Read must not wait for that: the server may not
// read. So one goroutine writes pongs, and while it waits, the latest ping
// replaces those before it, as RFC 6455 allows in section 5.5.3.
func (c *Conn) answer(pong []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pong = pong
	if !c.answering {
		c.answering = true
		go c.writePongs()
	}
}

// writePongs writes pongs until none is left.
func (c *Conn) writePongs() {
	for {
		c.mu.Lock()
		pong := c.pong
		c.pong = nil
		c.answering = pong != nil
		c.mu.Unlock()
		if pong == nil {
			return
		}
		_ = c.write(opPong, pong) // who reads or writes next sees the error, too
	}
}

// Close writes a close frame and closes the connection. It waits at most a
// second for the write, and writes nothing while another write waits.
func (c *Conn) Close() error {
	if c.writing.TryLock() {
		stuck := time.AfterFunc(closeTimeout, func() { _ = c.conn.Close() })
		const normalClosure = 1000
		status := make([]byte, Headroom+2)
		binary.BigEndian.PutUint16(status[Headroom:], normalClosure)
		_, _ = c.conn.Write(frame(opClose, status)) // without it, the server sees the end of the connection
		stuck.Stop()
		c.writing.Unlock()
	}
	return c.conn.Close()
}
