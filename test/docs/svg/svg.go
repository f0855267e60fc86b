// Package svg draws what a terminal shows: the pictures of the pages.
//
// The same text gives the same bytes. A picture brings no fonts and asks for
// none: it takes the reader's monospaced one, and every piece of text has its
// place and width, so that columns stand below each other whatever that font
// is. It is dark where the reader prefers that, and has a background of its
// own, so that it can be read on any page.
package svg

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The measures of the picture, in pixels.
const (
	cell   = 8.4 // width of a character
	line   = 20.0
	size   = 14.0 // of the font
	margin = 20.0
	bar    = 36.0 // above the text
)

// Terminal writes the picture of a terminal that shows the lines. The title is
// for those who do not see it. A line that begins with "$ " is a command.
func Terminal(w io.Writer, title string, lines []string) error {
	columns := 0
	for _, l := range lines {
		columns = max(columns, utf8.RuneCountInString(l))
	}
	width, height := 2*margin+float64(columns)*cell, bar+float64(len(lines))*line+margin
	p := picture{w: w}
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]g %[2]g" width="%[1]g" height="%[2]g" role="img" aria-label="%[3]s">`+"\n",
		round(width), round(height), escaped(title))
	p.printf("<title>%s</title>\n%s", escaped(title), style)
	p.printf(`<rect class="window" x="0.5" y="0.5" width="%g" height="%g" rx="8"/>`+"\n", round(width-1), round(height-1))
	for i := range 3 {
		p.printf(`<circle class="dot" cx="%g" cy="18" r="5"/>`+"\n", 22+18*float64(i))
	}
	for i, l := range lines {
		p.line(round(bar+float64(i)*line+size), l)
	}
	p.printf("</svg>\n")
	return p.err
}

const style = `<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; fill: #24292f; white-space: pre }
.window { fill: #f6f8fa; stroke: #d0d7de } .dot { fill: #d0d7de }
.prompt, .dim { fill: #6e7781 } .command { font-weight: 600 } .link { fill: #0969da }
.bad { fill: #cf222e } .warn { fill: #9a6700 } .good { fill: #1a7f37 }
.node { fill: #8250df } .service { fill: #0a7d91 } .target { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .window { fill: #161b22; stroke: #30363d } .dot { fill: #30363d }
.prompt, .dim { fill: #8b949e } .link { fill: #58a6ff }
.bad { fill: #ff7b72 } .warn { fill: #d29922 } .good { fill: #56d364 }
.node { fill: #d2a8ff } .service { fill: #56d4dd } .target { fill: #ffa657 }
}
</style>
`

// picture is written piece by piece; what fails first is kept.
type picture struct {
	w   io.Writer
	err error
}

func (p *picture) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// line draws the pieces of a line, each where its column is.
func (p *picture) line(y float64, text string) {
	column := 0
	for _, piece := range pieces(text) {
		length := utf8.RuneCountInString(piece.text)
		// Some programs drop the spaces at the ends of a text.
		if text := strings.TrimSpace(piece.text); text != "" {
			indent := length - utf8.RuneCountInString(strings.TrimLeft(piece.text, " "))
			p.piece(column+indent, y, piece.class, text)
		}
		column += length
	}
}

func (p *picture) piece(column int, y float64, class, text string) {
	if class != "" {
		class = ` class="` + class + `"`
	}
	p.printf(`<text%s x="%g" y="%g" textLength="%g">%s</text>`+"\n", class,
		round(margin+float64(column)*cell), y, round(float64(utf8.RuneCountInString(text))*cell), escaped(text))
}

// round keeps a tenth of a pixel.
func round(f float64) float64 { return float64(int(f*10+0.5)) / 10 }

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
