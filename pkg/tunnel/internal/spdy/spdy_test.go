package spdy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/moby/spdystream/spdy"
)

// The reader of the library that Kubernetes uses must understand what is written.
func TestKubernetesReadsTheFramesThatAreWritten(t *testing.T) {
	var wire []byte
	wire = AppendSynStream(wire, 1, true, true, Header{"streamtype", "error"}, Header{"port", "300"})
	wire = AppendSynStream(wire, 3, false, false, Header{"streamtype", "data"}, Header{"port", "65535"})
	wire = AppendData(wire, 3, true, []byte("hello"))
	wire = AppendPing(wire, 9)
	wire = AppendReset(wire, 7)
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
		flags      spdy.ControlFlags
	}{
		{1, "error", "300", spdy.ControlFlagFin},
		{3, "data", "65535", 0},
	} {
		got := next().(*spdy.SynStreamFrame)
		if got.StreamId != want.id || got.CFHeader.Flags != want.flags ||
			got.Headers.Get("streamType") != want.kind || got.Headers.Get("port") != want.port {
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

// And what that library writes must be understood.
func TestFramesOfKubernetesAreRead(t *testing.T) {
	var wire bytes.Buffer
	framer, err := spdy.NewFramer(&wire, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []spdy.Frame{
		&spdy.SynReplyFrame{StreamId: 3, CFHeader: spdy.ControlFrameHeader{Flags: spdy.ControlFlagFin}, Headers: map[string][]string{"A": {"b"}}},
		&spdy.RstStreamFrame{StreamId: 5, Status: spdy.ProtocolError},
		&spdy.SettingsFrame{FlagIdValues: []spdy.SettingsFlagIdValue{{Id: 1, Value: 2}}},
		&spdy.WindowUpdateFrame{StreamId: 3, DeltaWindowSize: 1},
		&spdy.PingFrame{Id: 4},
		&spdy.GoAwayFrame{},
		&spdy.DataFrame{StreamId: 3, Flags: spdy.DataFlagFin, Data: []byte("data")},
	} {
		if err := framer.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
	}
	r := NewReader(&wire)
	for _, want := range []Frame{
		{Type: SynReply, Fin: true, ID: 3}, {Type: RstStream, ID: 5}, {Type: 4}, {Type: 9}, {Type: Ping, ID: 4}, {Type: GoAway},
		{Type: Data, Fin: true, ID: 3, Length: 4},
	} {
		if got, err := r.Next(); got != want || err != nil {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	if rest := wire.String(); rest != "data" {
		t.Errorf("%q is left to be read", rest)
	}
}

func TestFramesThatAreNotAccepted(t *testing.T) {
	control := func(first uint32, length int) []byte {
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, first), uint32(length))
	}
	for _, test := range []struct{ name, wire, want string }{
		{"another version", string(control(0x80020006, 4)) + "1234", "version 2"},
		{"a long control frame", string(control(0x80030004, maxControlFrame+1)), "at most"},
		{"a ping without a number", string(control(0x80030006, 3)) + "123", "too short"},
		{"a header that ends", "\x80\x03", "unexpected EOF"},
		{"content that is missing", string(control(0x80030006, 4)), "unexpected EOF"},
		{"content that ends", string(control(0x80030004, 100)) + "12345", "unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewReader(strings.NewReader(test.wire)).Next()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// FuzzReader reads whatever a server may send. It must not panic, read more
// than there is, nor return frames that break what Frame promises.
func FuzzReader(f *testing.F) {
	f.Add(AppendPing(nil, 2))
	f.Add(AppendData(nil, 3, true, []byte("hello")))
	f.Add(AppendReset(nil, 3))
	f.Add(AppendSynStream(nil, 1, true, true, Header{"port", "80"}))
	f.Fuzz(func(t *testing.T, wire []byte) {
		in := bytes.NewReader(wire)
		for r := NewReader(in); ; {
			before := in.Len()
			frame, err := r.Next()
			if errors.Is(err, io.EOF) && before != 0 {
				t.Fatalf("io.EOF with %d bytes left", before)
			}
			if err != nil {
				return
			}
			if read := before - in.Len(); read < headerSize || read > headerSize+maxControlFrame {
				t.Fatalf("read %d bytes for %+v", read, frame)
			}
			if frame.Length < 0 || frame.Length >= 1<<24 || frame.Type != Data && frame.Length != 0 {
				t.Fatalf("impossible frame %+v", frame)
			}
			if n, _ := io.CopyN(io.Discard, in, int64(frame.Length)); n < int64(frame.Length) {
				return
			}
		}
	})
}
