package manifest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// decodeText turns a file into UTF-8 without a byte order mark. UTF-16 is what
// Windows PowerShell writes for "kubectl … > file.yaml".
func decodeText(file string, data []byte) ([]byte, *Problem) {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		data = data[3:]
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		data = fromUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		data = fromUTF16(data[2:], binary.BigEndian)
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, &Problem{
			Position: snapshot.Position{File: file},
			Message:  "this is a binary file, not a manifest",
			Hint:     "name only files of YAML or JSON",
		}
	}
	if at := invalidUTF8(data); at >= 0 {
		position := positionAt(file, data, at)
		return nil, &Problem{
			Position: position,
			Message:  fmt.Sprintf("byte 0x%02x is not UTF-8 text", data[at]),
			Hint:     "save the file as UTF-8",
		}
	}
	return data, nil
}

func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// invalidUTF8 returns where data stops being UTF-8, or -1.
func invalidUTF8(data []byte) int {
	for at := 0; at < len(data); {
		if data[at] < utf8.RuneSelf {
			at++
			continue
		}
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// positionAt is the line and column of an offset; columns count characters.
func positionAt(file string, text []byte, offset int) snapshot.Position {
	before := text[:min(offset, len(text))]
	line := bytes.Count(before, []byte("\n")) + 1
	start := bytes.LastIndexByte(before, '\n') + 1
	return snapshot.Position{File: file, Line: line, Column: utf8.RuneCount(before[start:]) + 1}
}
