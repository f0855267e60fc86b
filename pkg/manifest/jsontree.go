package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v3"
)

// depthLimit is how deep values may be nested. No kind of Kubernetes comes near.
const depthLimit = 500

var errTooDeep = errors.New("it is nested too deep")

// jsonParser gives JSON values the shape of parsed YAML documents, so that
// positions are found in both alike. YAML's own parser cannot stand in for it:
// JSON may be indented with tabs.
type jsonParser struct {
	text    []byte
	decoder *json.Decoder
	// line and column are those of text[offset].
	offset, line, column int
}

func newJSONParser(text []byte) *jsonParser {
	p := &jsonParser{text: text, decoder: json.NewDecoder(bytes.NewReader(text)), line: 1, column: 1}
	p.decoder.UseNumber()
	return p
}

// end is where the last value ends, and so about where an error is.
func (p *jsonParser) end() int { return int(p.decoder.InputOffset()) }

// value returns the next value and where it starts. At the end of the text the
// error is io.EOF.
func (p *jsonParser) value() (*yaml.Node, int, error) {
	token, node, err := p.next()
	if err != nil {
		return nil, 0, err
	}
	start := p.offset
	err = p.fill(node, token, 0)
	return node, start, unfinished(err)
}

// next returns the next token and a node at its position.
func (p *jsonParser) next() (json.Token, *yaml.Node, error) {
	before := p.end()
	token, err := p.decoder.Token()
	if err != nil {
		return nil, nil, err
	}
	p.advance(before)
	for p.offset < len(p.text) && bytes.IndexByte([]byte(" \t\r\n,:"), p.text[p.offset]) >= 0 {
		p.advance(p.offset + 1)
	}
	return token, &yaml.Node{Line: p.line, Column: p.column}, nil
}

func (p *jsonParser) advance(to int) {
	for p.offset < to {
		r, size := utf8.DecodeRune(p.text[p.offset:])
		p.offset += size
		p.column++
		if r == '\n' {
			p.line, p.column = p.line+1, 1
		}
	}
}

// fill completes a node that starts with token.
func (p *jsonParser) fill(node *yaml.Node, token json.Token, depth int) error {
	if depth > depthLimit {
		return errTooDeep
	}
	switch token {
	case json.Delim('{'):
		node.Kind = yaml.MappingNode
	case json.Delim('['):
		node.Kind = yaml.SequenceNode
	default:
		node.Kind, node.Value = yaml.ScalarNode, scalar(token)
		return nil
	}
	// A mapping's keys and values come in turn, as in a YAML node.
	for p.decoder.More() {
		token, child, err := p.next()
		if err != nil {
			return err
		}
		if err := p.fill(child, token, depth+1); err != nil {
			return err
		}
		node.Content = append(node.Content, child)
	}
	_, err := p.decoder.Token()
	return err
}

func scalar(token json.Token) string {
	if token == nil {
		return "null"
	}
	return fmt.Sprint(token)
}

// unfinished tells the end of the text inside of a value from one before it.
func unfinished(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
