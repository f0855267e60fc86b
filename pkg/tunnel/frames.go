package tunnel

import (
	"encoding/binary"
	"strconv"
)

// The frames of SPDY/3.1 that a client of port forwarding meets. They are
// written here rather than by a library: no headers of the server matter, so
// nothing is ever decompressed, and what is sent is not worth compressing.
// https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/

const (
	frameHeader  = 8
	frameVersion = 0x8003 // control bit and version 3

	typeSynStream = 1
	typeSynReply  = 2
	typeReset     = 3
	typePing      = 6
	typeGoAway    = 7

	flagFin = 0x01
)

// frame is the header of a frame that was received.
type frame struct {
	control bool
	kind    uint16 // of a control frame
	stream  uint32 // of a data frame
	flags   byte
	length  int
}

func parseFrame(b [frameHeader]byte) frame {
	first, second := binary.BigEndian.Uint32(b[:]), binary.BigEndian.Uint32(b[4:])
	f := frame{control: first>>31 == 1, flags: byte(second >> 24), length: int(second & 0xffffff)}
	if f.control {
		f.kind = uint16(first)
	} else {
		f.stream = first
	}
	return f
}

func appendControl(b []byte, kind uint16, flags byte, length int) []byte {
	b = binary.BigEndian.AppendUint16(b, frameVersion)
	b = binary.BigEndian.AppendUint16(b, kind)
	return binary.BigEndian.AppendUint32(b, uint32(flags)<<24|uint32(length))
}

func appendData(b []byte, stream uint32, flags byte, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, stream)
	b = binary.BigEndian.AppendUint32(b, uint32(flags)<<24|uint32(len(data)))
	return append(b, data...)
}

func appendPing(b []byte, id uint32) []byte {
	return binary.BigEndian.AppendUint32(appendControl(b, typePing, 0, 4), id)
}

func appendReset(b []byte, stream uint32) []byte {
	const cancel = 5
	b = binary.BigEndian.AppendUint32(appendControl(b, typeReset, 0, 8), stream)
	return binary.BigEndian.AppendUint32(b, cancel)
}

// appendPair opens the two streams of a connection: one on which its failure is
// told, of which our half is closed, and its data. first says that no stream was
// opened before: the compressed headers of a session are one zlib stream.
func appendPair(b []byte, errors, data uint32, port uint16, first bool) []byte {
	b = appendStream(b, errors, flagFin, first, "error", port, errors)
	return appendStream(b, data, 0, false, "data", port, errors)
}

func appendStream(b []byte, id uint32, flags byte, first bool, kind string, port uint16, request uint32) []byte {
	block := binary.BigEndian.AppendUint32(nil, 3)
	for _, text := range []string{
		"streamtype", kind, "port", strconv.Itoa(int(port)), "requestid", strconv.Itoa(int(request)),
	} {
		block = binary.BigEndian.AppendUint32(block, uint32(len(text)))
		block = append(block, text...)
	}
	block = stored(block, first)
	b = appendControl(b, typeSynStream, flags, 10+len(block))
	b = binary.BigEndian.AppendUint32(b, id)
	b = append(b, 0, 0, 0, 0, 0, 0) // no associated stream, highest priority
	return append(b, block...)
}

// stored is data as zlib has it without compressing it: at the beginning the
// header, which names SPDY's dictionary by its checksum, then a stored block and
// an empty one, which has readers give out what they have.
func stored(data []byte, first bool) []byte {
	var b []byte
	if first {
		b = append(b, 0x78, 0x20, 0xe3, 0xc6, 0xa7, 0xc2)
	}
	length := uint16(len(data))
	b = binary.LittleEndian.AppendUint16(append(b, 0), length)
	b = binary.LittleEndian.AppendUint16(b, ^length)
	b = append(b, data...)
	return append(b, 0, 0, 0, 0xff, 0xff)
}
