package spdy

import "encoding/binary"

const (
	headerSize = 8
	controlBit = 1 << 31
	version    = 0x8003 // the control bit and version 3
	flagFin    = 0x01
	// cancel is the status of a reset by which the client gives a stream up.
	cancel = 5
)

// DataHeaderSize is the number of bytes that AppendData adds to the data.
const DataHeaderSize = headerSize

// AppendData appends a frame with data of a stream. fin ends the sender's
// direction of it. The data must be shorter than 16 MiB.
func AppendData(b []byte, stream uint32, fin bool, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, stream)
	b = binary.BigEndian.AppendUint32(b, flags(fin)|uint32(len(data)))
	return append(b, data...)
}

// AppendPing appends a ping, or the answer to one, which is the same frame.
func AppendPing(b []byte, id uint32) []byte {
	return binary.BigEndian.AppendUint32(appendControl(b, Ping, false, 4), id)
}

// AppendReset appends a reset of both directions of a stream.
func AppendReset(b []byte, stream uint32) []byte {
	b = binary.BigEndian.AppendUint32(appendControl(b, RstStream, false, 8), stream)
	return binary.BigEndian.AppendUint32(b, cancel)
}

// Header is a name, in lower case, and a value.
type Header struct{ Name, Value string }

// AppendSynStream appends a frame that opens a stream. fin ends the sender's
// direction of it at once. first reports that it is the first stream of the
// session: the headers of all streams are one zlib stream.
func AppendSynStream(b []byte, id uint32, fin, first bool, headers ...Header) []byte {
	block := binary.BigEndian.AppendUint32(nil, uint32(len(headers)))
	for _, h := range headers {
		block = appendText(appendText(block, h.Name), h.Value)
	}
	block = stored(block, first)
	b = appendControl(b, SynStream, fin, 10+len(block))
	b = binary.BigEndian.AppendUint32(b, id)
	b = append(b, 0, 0, 0, 0, 0, 0) // no associated stream, highest priority
	return append(b, block...)
}

func appendControl(b []byte, kind Type, fin bool, length int) []byte {
	b = binary.BigEndian.AppendUint16(b, version)
	b = binary.BigEndian.AppendUint16(b, uint16(kind))
	return binary.BigEndian.AppendUint32(b, flags(fin)|uint32(length))
}

func flags(fin bool) uint32 {
	if fin {
		return flagFin << 24
	}
	return 0
}

func appendText(b []byte, text string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...)
}

// stored returns data in zlib's format without compressing it. The first block
// of a session begins with zlib's header, which names SPDY's dictionary by its
// checksum. Then come a stored block and an empty one, a flush that makes the
// reader return all that it has. The data must be shorter than 64 KiB.
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
