package websocket

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// connect returns the two ends of a WebSocket: ours, and one of another
// implementation.
func connect(t *testing.T) (*Conn, *websocket.Conn) {
	t.Helper()
	accepted := make(chan *websocket.Conn, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := new(websocket.Upgrader).Upgrade(w, r, nil); err == nil {
			accepted <- conn
		}
	}))
	t.Cleanup(s.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	key := NewKey()
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key,
	} {
		request.Header.Set(name, value)
	}
	response, err := s.Client().Transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Header.Get("Sec-WebSocket-Accept"); got != AcceptKey(key) {
		t.Fatalf("the server accepts the key with %q", got)
	}
	ours, theirs := NewConn(response.Body.(io.ReadWriteCloser)), <-accepted
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	return ours, theirs
}

func TestMessagesOfAllLengthsAreReceived(t *testing.T) {
	ours, theirs := connect(t)
	for _, length := range []int{0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 300000} {
		message := append(make([]byte, Headroom), bytes.Repeat([]byte("0123456789"), length/10+1)[:length]...)
		want := string(message[Headroom:])
		if err := ours.WriteMessage(message); err != nil {
			t.Fatal(err)
		}
		if _, got, err := theirs.ReadMessage(); err != nil || string(got) != want {
			t.Errorf("%d bytes: got %d bytes, %v", length, len(got), err)
		}
	}
}

func TestControlFramesBetweenData(t *testing.T) {
	ours, theirs := connect(t)
	answered := make(chan struct{})
	theirs.SetPongHandler(func(text string) error {
		if text == "are you there" {
			close(answered)
		}
		return nil
	})
	go func() { _, _, _ = theirs.ReadMessage() }()
	w, _ := theirs.NextWriter(websocket.BinaryMessage) // in fragments, as its buffer is shorter
	_, _ = io.WriteString(w, strings.Repeat("x", 10000))
	_ = w.Close()
	_ = theirs.WriteMessage(websocket.PingMessage, []byte("are you there"))
	_ = theirs.WriteMessage(websocket.BinaryMessage, []byte("y"))
	_ = theirs.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	got, err := io.ReadAll(ours)
	if string(got) != strings.Repeat("x", 10000)+"y" || err != nil {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	<-answered
}

// A server that pings and reads no answer must not make anything grow.
func TestPingsThatAreNotReadAreBounded(t *testing.T) {
	const pings = 10_000
	ours, theirs := net.Pipe() // which has no buffer: the first answer waits
	c := NewConn(ours)
	t.Cleanup(func() { _, _ = theirs.Close(), ours.Close() })
	done := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(c, make([]byte, 1))
		done <- err
	}()
	before := runtime.NumGoroutine()
	_ = theirs.SetDeadline(time.Now().Add(time.Minute))
	for i := range pings {
		if _, err := theirs.Write(binary.BigEndian.AppendUint32([]byte{bitFin | opPing, 4}, uint32(i))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := theirs.Write([]byte{bitFin | opBinary, 1, 'x'}); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil { // all pings have been read
		t.Fatal(err)
	}
	if more := runtime.NumGoroutine() - before; more > 2 {
		t.Errorf("%d goroutines more after %d pings", more, pings)
	}
	for answers := 1; ; answers++ {
		answer := make([]byte, 10)
		if _, err := io.ReadFull(theirs, answer); err != nil {
			t.Fatal(err)
		}
		xor(answer[6:], binary.LittleEndian.Uint32(answer[2:]))
		if binary.BigEndian.Uint32(answer[6:]) == pings-1 {
			return // the latest is answered
		}
		if answers > 2 {
			t.Fatalf("more than the first and the latest ping are answered: %d", binary.BigEndian.Uint32(answer[6:]))
		}
	}
}

func TestFramesThatAreNotAccepted(t *testing.T) {
	for _, test := range []struct{ name, wire, want string }{
		{"a masked frame", "\x82\x80", "masked"},
		{"a frame with reserved bits", "\xc2\x00", "reserved"},
		{"a text frame", "\x81\x01x", "opcode 1"},
		{"a long ping", "\x89\x7e\x00\x7e", "too long"},
		{"a fragment of a ping", "\x09\x00", "fragmented"},
		{"a negative length", "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "negative length"},
		{"a header that ends", "\x82", "unexpected EOF"},
		{"a length that ends", "\x82\x7e", "unexpected EOF"},
		{"a ping that ends", "\x89\x05x", "unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := io.ReadAll(NewConn(&readOnly{strings.NewReader(test.wire)}))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// readOnly is a connection that takes all that is written.
type readOnly struct{ io.Reader }

func (*readOnly) Write(p []byte) (int, error) { return len(p), nil }
func (*readOnly) Close() error                { return nil }

func TestCloseDoesNotWaitForAServerThatDoesNotRead(t *testing.T) {
	ours, theirs := net.Pipe() // which has no buffer
	defer theirs.Close()
	_ = NewConn(ours).Close()
	if _, err := ours.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write after Close: %v", err)
	}
}

// FuzzConn reads whatever a server may send. It must not panic, and must not
// return more than the server sent.
func FuzzConn(f *testing.F) {
	f.Add([]byte{0x82, 4, 1, 2, 3, 4})
	f.Add([]byte{0x02, 2, 1, 2, 0x89, 1, 'p', 0x80, 1, 3, 0x88, 0})
	f.Add([]byte{0x82, 126, 0, 2, 'a', 'b'})
	f.Add([]byte{0x82, 127, 0, 0, 0, 0, 0, 0, 0, 1, 'a'})
	f.Fuzz(func(t *testing.T, wire []byte) {
		got, _ := io.ReadAll(NewConn(&readOnly{bytes.NewReader(wire)}))
		if len(got) > max(0, len(wire)-2) {
			t.Fatalf("read %d bytes of %d", len(got), len(wire))
		}
	})
}
