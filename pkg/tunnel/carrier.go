package tunnel

import (
	"bufio"
	"io"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/tunnel/internal/websocket"
)

// carrier carries the bytes of SPDY frames in both directions.
type carrier interface {
	io.ReadCloser
	// WriteMessage writes message[headroom:] and may change all of message.
	WriteMessage(message []byte) error
}

func newWebSocketCarrier(conn io.ReadWriteCloser) carrier { return websocket.NewConn(conn) }

// bareCarrier is a connection that carries nothing but SPDY frames.
type bareCarrier struct {
	*bufio.Reader
	io.WriteCloser
}

func newBareCarrier(conn io.ReadWriteCloser) carrier {
	const buffer = 4 << 10 // for headers and small frames; long data is read past it
	return &bareCarrier{bufio.NewReaderSize(conn, buffer), conn}
}

func (b *bareCarrier) WriteMessage(message []byte) error {
	_, err := b.Write(message[headroom:])
	return err
}
