package tunnel

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/moby/spdystream/spdy"
	"k8s.io/client-go/rest"
)

func TestFramesAreThoseOfSPDY(t *testing.T) {
	var wire []byte
	wire = appendPair(wire, 1, 3, 300, true)
	wire = appendPair(wire, 5, 7, 65535, false)
	wire = appendData(wire, 3, flagFin, []byte("hello"))
	wire = appendPing(wire, 9)
	wire = appendReset(wire, 7)
	framer, err := spdy.NewFramer(io.Discard, bytes.NewReader(wire))
	if err != nil {
		t.Fatal(err)
	}
	next := func() spdy.Frame {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatalf("frame: %v", err)
		}
		return frame
	}
	for _, want := range []struct {
		id         spdy.StreamId
		kind, port string
		request    string
		flags      spdy.ControlFlags
	}{
		{1, "error", "300", "1", spdy.ControlFlagFin}, {3, "data", "300", "1", 0},
		{5, "error", "65535", "5", spdy.ControlFlagFin}, {7, "data", "65535", "5", 0},
	} {
		got := next().(*spdy.SynStreamFrame)
		if got.StreamId != want.id || got.CFHeader.Flags != want.flags || got.Headers.Get("streamType") != want.kind ||
			got.Headers.Get("port") != want.port || got.Headers.Get("requestID") != want.request {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if got := next().(*spdy.DataFrame); got.StreamId != 3 || got.Flags != spdy.DataFlagFin || string(got.Data) != "hello" {
		t.Errorf("got %+v", got)
	}
	if got := next().(*spdy.PingFrame); got.Id != 9 {
		t.Errorf("got %+v", got)
	}
	if got := next().(*spdy.RstStreamFrame); got.StreamId != 7 || got.Status != spdy.Cancel {
		t.Errorf("got %+v", got)
	}
}

func TestMessagesOfAllLengthsPassAWebSocket(t *testing.T) {
	ours, theirs := sockets(t)
	for _, length := range []int{0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 300000} {
		message := append(make([]byte, headroom), bytes.Repeat([]byte("0123456789"), length/10+1)[:length]...)
		want := string(message[headroom:])
		if err := ours.send(message); err != nil {
			t.Fatal(err)
		}
		if _, got, err := theirs.ReadMessage(); err != nil || string(got) != want {
			t.Errorf("%d bytes: got %d bytes, %v", length, len(got), err)
		}
	}
}

// sockets are the ends of a WebSocket: ours, and one of another implementation.
func sockets(t *testing.T) (carrier, *websocket.Conn) {
	t.Helper()
	accepted := make(chan *websocket.Conn, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{"SPDY/3.1+" + protocol}}
		if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
			accepted <- conn
		}
	}))
	t.Cleanup(s.Close)
	u, err := newUpgrader(&rest.Config{Host: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := u.upgrade(t.Context(), testPod, webSocketTransport)
	if err != nil {
		t.Fatal(err)
	}
	theirs := <-accepted
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	return ours, theirs
}

func TestControlFramesDoNotDisturbAWebSocket(t *testing.T) {
	ours, theirs := sockets(t)
	answered := make(chan struct{})
	theirs.SetPongHandler(func(text string) error {
		if text == "are you there" {
			close(answered)
		}
		return nil
	})
	go func() { _, _, _ = theirs.ReadMessage() }()
	w, _ := theirs.NextWriter(websocket.BinaryMessage) // fragments where the buffer is full
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

// FuzzReading gives sessions whatever a server may send: they must neither
// panic nor read without an end.
func FuzzReading(f *testing.F) {
	f.Add([]byte{0x82, 4, 1, 2, 3, 4})
	f.Add(append([]byte{0x82, 0x7e, 0, 20}, appendPing(nil, 2)...))
	f.Add(appendData(nil, 3, flagFin, []byte("hello")))
	f.Add(appendReset(nil, 3))
	f.Add([]byte{0x89, 126, 0, 1})
	f.Fuzz(func(t *testing.T, wire []byte) {
		for _, c := range []carrier{
			newWebSocket(&readOnly{Reader: bytes.NewReader(wire)}),
			newBare(&readOnly{Reader: bytes.NewReader(wire)}),
		} {
			d := &Dialer{options: Options{}.withDefaults(), upgrader: &upgrader{}}
			d.pools.init()
			s := &session{dialer: d, carrier: c, pod: testPod, buffer: 1 << 20, limit: d.options.PingTimeout}
			s.init()
			conn := s.open(7)
			s.read()
			if _, err := io.Copy(io.Discard, bufio.NewReader(conn)); err == nil {
				continue
			} else if !isKind(err, Lost) && !isKind(err, Failed) && !errors.Is(err, io.EOF) {
				t.Logf("read: %v", err)
			}
			_ = conn.Close()
		}
	})
}

type readOnly struct{ io.Reader }

func (*readOnly) Write(p []byte) (int, error) { return len(p), nil }
func (*readOnly) Close() error                { return nil }

func TestAWebSocketClosesThoughNobodyReads(t *testing.T) {
	ours, theirs := net.Pipe() // which has no buffer
	defer theirs.Close()
	_ = newWebSocket(ours).Close()
	if _, err := ours.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("after Close, writing says %v", err)
	}
}
