package manifest

import (
	"bytes"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// document is one YAML document or one run of JSON values of a file.
type document struct {
	file string
	// line is the number of the first line of text in the file, from 1.
	line int
	text []byte
	// separator is what stands behind the "---" that starts the document, when
	// it is more than a comment; empty otherwise.
	separator string
}

// split cuts a file at the lines that start with "---", as kubectl does before
// it parses, so that a document that is no YAML does not hide those behind it.
// (k8s.io/apimachinery pkg/util/yaml/decoder.go, YAMLReader)
func split(file string, text []byte) []document {
	var documents []document
	current := document{file: file, line: 1}
	start := 0
	for at, line := 0, 1; at < len(text); line++ {
		end := lineEnd(text, at)
		if separator, ok := separates(text[at:end]); ok {
			current.text = text[start:at]
			documents = append(documents, current)
			current = document{file: file, line: line + 1, separator: separator}
			start = end
		}
		at = end
	}
	current.text = text[start:]
	return append(documents, current)
}

// separates tells whether a line ends a document, and returns what it holds
// that such a line must not hold.
func separates(line []byte) (surplus string, ok bool) {
	line = bytes.TrimRight(line, " \t\r\n")
	if string(line) == "..." {
		return "", true
	}
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	rest = bytes.TrimLeft(rest, " \t")
	if !ok || len(rest) == 0 || rest[0] == '#' {
		return "", ok
	}
	return string(rest), true
}

func lineEnd(text []byte, at int) int {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

// at is the position of an offset in the document's text.
func (d document) at(offset int) snapshot.Position {
	position := positionAt(d.file, d.text, offset)
	position.Line += d.line - 1
	return position
}

// positionOfLine is the start of a line of the document, the first being 1.
func (d document) positionOfLine(line int) snapshot.Position {
	return snapshot.Position{File: d.file, Line: d.line + line - 1, Column: 1}
}

// lineOf returns the text of a line of the file.
func (d document) lineOf(line int) []byte {
	at := 0
	for i := d.line; i < line && at < len(d.text); i++ {
		at = lineEnd(d.text, at)
	}
	return d.text[at:lineEnd(d.text, at)]
}

// isJSON tells whether the document starts like a JSON object. Such a document
// may be YAML all the same.
func (d document) isJSON() bool {
	return bytes.HasPrefix(bytes.TrimSpace(d.text), []byte("{"))
}
