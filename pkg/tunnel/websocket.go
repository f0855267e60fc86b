package tunnel

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// headroom is what a message has before its content, for the largest header
	// of a WebSocket frame.
	headroom = 14
	// readBuffer holds headers and small frames; the content of large ones is read
	// past it, to where it is kept.
	readBuffer = 4 << 10
)

// The opcodes of RFC 6455, section 11.8, that are told apart here.
const (
	opContinuation = 0x0
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// webSocket is the client's side of a WebSocket (RFC 6455) that carries bytes:
// the limits of messages have no meaning.
type webSocket struct {
	in   *bufio.Reader
	conn io.ReadWriteCloser
	left uint64 // of the frame being read

	writing sync.Mutex
}

func newWebSocket(conn io.ReadWriteCloser) carrier {
	return &webSocket{in: bufio.NewReaderSize(conn, readBuffer), conn: conn}
}

// Read reads from the contents of binary frames; io.EOF is a close frame.
func (w *webSocket) Read(p []byte) (int, error) {
	for w.left == 0 {
		if err := w.next(); err != nil {
			return 0, err
		}
	}
	n, err := w.in.Read(p[:min(uint64(len(p)), w.left)])
	w.left -= uint64(n)
	return n, err
}

// next reads the header of a frame, and all of a control frame.
func (w *webSocket) next() error {
	var b [8]byte
	if _, err := io.ReadFull(w.in, b[:2]); err != nil {
		return err
	}
	op, masked, length := b[0]&0x0f, b[1]&0x80 != 0, uint64(b[1]&0x7f)
	if masked {
		return errors.New("a WebSocket frame from the server is masked")
	}
	switch length {
	case 126:
		if _, err := io.ReadFull(w.in, b[:2]); err != nil {
			return err
		}
		length = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		if _, err := io.ReadFull(w.in, b[:]); err != nil {
			return err
		}
		length = binary.BigEndian.Uint64(b[:])
	}
	if op == opBinary || op == opContinuation {
		w.left = length
		return nil
	}
	return w.control(op, length)
}

func (w *webSocket) control(op byte, length uint64) error {
	if length > 125 {
		return errors.New("a WebSocket control frame is too long")
	}
	content := make([]byte, headroom+length)
	if _, err := io.ReadFull(w.in, content[headroom:]); err != nil {
		return err
	}
	switch op {
	case opClose:
		return io.EOF
	case opPing: // from elsewhere, as writing may block
		go func() { _ = w.frame(opPong, content) }()
	case opPong:
	default:
		return fmt.Errorf("a WebSocket frame has the opcode %d", op)
	}
	return nil
}

func (w *webSocket) send(message []byte) error { return w.frame(opBinary, message) }

// frame writes message[headroom:] as one frame, in one write.
func (w *webSocket) frame(op byte, message []byte) error {
	framed := framed(op, message)
	w.writing.Lock()
	defer w.writing.Unlock()
	_, err := w.conn.Write(framed)
	return err
}

// framed puts a header before message[headroom:]. Clients mask what they write,
// against caches on the way that could be made to see requests.
func framed(op byte, message []byte) []byte {
	content := message[headroom:]
	mask := rand.Uint32()
	binary.LittleEndian.PutUint32(message[headroom-4:], mask)
	start := headroom - 4
	switch n := len(content); {
	case n <= 125:
		start -= 2
		message[start+1] = 0x80 | byte(n)
	case n <= 0xffff:
		start -= 4
		message[start+1] = 0x80 | 126
		binary.BigEndian.PutUint16(message[start+2:], uint16(n))
	default:
		start -= 10
		message[start+1] = 0x80 | 127
		binary.BigEndian.PutUint64(message[start+2:], uint64(n))
	}
	message[start] = 0x80 | op // all of the message
	xor(content, mask)
	return message[start:]
}

// xor masks content, eight bytes at a time while there are.
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

// Close says good-bye, unless writing is stuck or this is, and closes.
func (w *webSocket) Close() error {
	const patience = time.Second
	if w.writing.TryLock() {
		stuck := time.AfterFunc(patience, func() { _ = w.conn.Close() })
		normal := make([]byte, headroom+2)
		binary.BigEndian.PutUint16(normal[headroom:], 1000)
		_, _ = w.conn.Write(framed(opClose, normal)) // who does not hear it finds out anyhow
		stuck.Stop()
		w.writing.Unlock()
	}
	return w.conn.Close()
}
