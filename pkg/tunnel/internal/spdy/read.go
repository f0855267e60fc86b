// Package spdy reads and writes the frames of SPDY/3.1 that the client of a
// Kubernetes port-forward needs.
//
// Such a client has no use for the headers that the server sends, so nothing is
// ever decompressed, and its own headers are too short to be worth compressing.
// There is no flow control: Kubernetes ignores window updates, and so does this
// package.
//
// The specification is https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/.
package spdy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// maxControlFrame is the longest control frame that Next accepts, in bytes
// after the header. Those that matter have 8, and the headers of a server's
// reply are hardly longer.
const maxControlFrame = 16 << 10

// Type is the type of a frame.
type Type uint16

// The types of frames that a client of a port-forward has to know. Next also
// returns frames of other types, which can be ignored.
const (
	Data      Type = 0 // not a type on the wire, where data frames have none
	SynStream Type = 1
	SynReply  Type = 2
	RstStream Type = 3
	Ping      Type = 6
	GoAway    Type = 7
)

// Frame is a frame that was received.
type Frame struct {
	Type Type
	// Fin reports that the sender ends its direction of the stream.
	Fin bool
	// ID is the stream, or the number of a ping. It is 0 for frames of types
	// that name neither.
	ID uint32
	// Length is the number of bytes of data that follow. It is 0 unless the
	// frame is of type Data.
	Length int
}

// Reader reads frames. It does not read ahead: after Next has returned a data
// frame, its data is what comes next from the underlying reader.
type Reader struct {
	in     io.Reader
	buffer [headerSize]byte
}

// NewReader returns a Reader of the frames that in consists of.
func NewReader(in io.Reader) *Reader { return &Reader{in: in} }

// Next reads the header of the next frame, and the rest of it unless it is a
// data frame. It returns io.EOF at the end of the input between two frames.
func (r *Reader) Next() (Frame, error) {
	if _, err := io.ReadFull(r.in, r.buffer[:]); err != nil {
		return Frame{}, err
	}
	first, second := binary.BigEndian.Uint32(r.buffer[:4]), binary.BigEndian.Uint32(r.buffer[4:])
	f := Frame{Fin: second>>24&flagFin != 0}
	length := int(second & 0xffffff)
	if first&controlBit == 0 {
		f.ID, f.Length = first, length
		return f, nil
	}
	if version := first >> 16 &^ 0x8000; version != 3 {
		return Frame{}, fmt.Errorf("SPDY frame of version %d, want 3", version)
	}
	f.Type = Type(first)
	return f, r.control(&f, length)
}

// control reads the content of a control frame.
func (r *Reader) control(f *Frame, length int) error {
	if length > maxControlFrame {
		return fmt.Errorf("SPDY control frame of type %d has %d bytes, at most %d are accepted", f.Type, length, maxControlFrame)
	}
	switch f.Type {
	case SynStream, SynReply, RstStream, Ping:
		if length < 4 {
			return fmt.Errorf("SPDY control frame of type %d is too short", f.Type)
		}
		if _, err := io.ReadFull(r.in, r.buffer[:4]); err != nil {
			return noEOF(err)
		}
		f.ID = binary.BigEndian.Uint32(r.buffer[:4])
		length -= 4
	}
	return r.skip(length)
}

// skip reads n bytes and drops them.
func (r *Reader) skip(n int) error {
	for n > 0 {
		read, err := io.ReadFull(r.in, r.buffer[:min(n, len(r.buffer))])
		if err != nil {
			return noEOF(err)
		}
		n -= read
	}
	return nil
}

// noEOF replaces io.EOF, as the input ends inside a frame.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
