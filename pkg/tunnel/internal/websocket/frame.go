package websocket

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
)

// Headroom is the number of bytes that a message has before its content, for
// the longest header of a frame.
const Headroom = 14

// maxControlFrame is the longest content of a control frame (RFC 6455, section 5.5).
const maxControlFrame = 125

// The opcodes of RFC 6455, section 11.8.
const (
	opContinuation = 0x0
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

const (
	bitFin    = 0x80
	bitsRSV   = 0x70
	bitMasked = 0x80
)

// next reads the header of a frame. Of a control frame it reads the content, too.
func (c *Conn) next() error {
	var b [8]byte
	if _, err := io.ReadFull(c.in, b[:2]); err != nil {
		return err
	}
	op, fin := b[0]&0x0f, b[0]&bitFin != 0
	switch {
	case b[0]&bitsRSV != 0:
		return errors.New("WebSocket frame has reserved bits set")
	case b[1]&bitMasked != 0:
		return errors.New("WebSocket frame from the server is masked")
	}
	length, err := c.length(b[1])
	if err != nil {
		return err
	}
	switch op {
	case opBinary, opContinuation:
		c.left = length
		return nil
	case opClose, opPing, opPong:
		if length > maxControlFrame || !fin {
			return errors.New("WebSocket control frame is too long or fragmented")
		}
		return c.control(op, int(length))
	}
	return fmt.Errorf("WebSocket frame has opcode %d, want binary data", op)
}

// length reads the length of a frame's content. short is the second byte of the
// frame.
func (c *Conn) length(short byte) (uint64, error) {
	var b [8]byte
	switch short {
	case 126:
		_, err := io.ReadFull(c.in, b[:2])
		return uint64(binary.BigEndian.Uint16(b[:])), noEOF(err)
	case 127:
		_, err := io.ReadFull(c.in, b[:])
		length := binary.BigEndian.Uint64(b[:])
		if err == nil && length>>63 != 0 {
			err = errors.New("WebSocket frame has a negative length")
		}
		return length, noEOF(err)
	}
	return uint64(short), nil
}

// control reads the content of a control frame and acts on it.
func (c *Conn) control(op byte, length int) error {
	content := make([]byte, Headroom+length)
	if _, err := io.ReadFull(c.in, content[Headroom:]); err != nil {
		return noEOF(err)
	}
	switch op {
	case opClose:
		return io.EOF
	case opPing:
		c.answer(content)
	}
	return nil
}

// noEOF replaces io.EOF, as the connection ends inside a frame.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// frame puts a header before message[Headroom:], masks that, and returns both.
// Clients have to mask what they write so that it cannot be made to look like a
// request to a cache on the path.
func frame(op byte, message []byte) []byte {
	content := message[Headroom:]
	mask := rand.Uint32()
	binary.LittleEndian.PutUint32(message[Headroom-4:], mask)
	start := Headroom - 4
	switch n := len(content); {
	case n <= 125:
		start -= 2
		message[start+1] = bitMasked | byte(n)
	case n <= 0xffff:
		start -= 4
		message[start+1] = bitMasked | 126
		binary.BigEndian.PutUint16(message[start+2:], uint16(n))
	default:
		start -= 10
		message[start+1] = bitMasked | 127
		binary.BigEndian.PutUint64(message[start+2:], uint64(n))
	}
	message[start] = bitFin | op
	xor(content, mask)
	return message[start:]
}

// xor masks content, eight bytes at a time as long as it can.
func xor(content []byte, mask uint32) {
	wide := uint64(mask)<<32 | uint64(mask)
	for len(content) >= 8 {
		binary.LittleEndian.PutUint64(content, binary.LittleEndian.Uint64(content)^wide)
		content = content[8:]
	}
	for i := range content {
		content[i] ^= byte(mask >> (8 * i % 32))
	}
}
