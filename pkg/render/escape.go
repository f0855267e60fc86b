package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/safe"
)

// escaper writes text of a format with what is unsafe on a terminal as escapes
// of that format. Encoders leave such characters in values as they are.
type escaper struct {
	to     io.Writer
	escape func(rune) string
	rest   []byte // the beginning of a character
}

// EscapeJSON returns a writer of JSON in which unprintable characters of strings
// are \u escapes, so that a terminal shows them and a parser reads them. Outside
// of strings JSON has none.
func EscapeJSON(w io.Writer) io.Writer { return &escaper{to: w, escape: jsonEscape} }

func jsonEscape(r rune) string {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

func yamlEscape(r rune) string {
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// Write implements io.Writer.
func (e *escaper) Write(p []byte) (int, error) {
	text := append(e.rest, p...)
	e.rest = nil
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		if !utf8.FullRune(text) {
			e.rest = bytes.Clone(text)
			break
		}
		r, size := utf8.DecodeRune(text)
		if r >= 0x7f && safe.Unsafe(r) { // below, encoders escape
			out = append(out, e.escape(r)...)
		} else {
			out = append(out, text[:size]...)
		}
		text = text[size:]
	}
	if _, err := e.to.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// unsafeText reports whether text has characters that encoders do not escape.
func unsafeText(text []byte) bool {
	return bytes.ContainsFunc(text, func(r rune) bool { return r >= 0x7f && safe.Unsafe(r) })
}

// writeYAML writes a value as YAML. The encoder of YAML has no escapes for what
// is unsafe: such values are written as JSON with YAML's escapes, which is YAML.
func writeYAML(w io.Writer, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if unsafeText(text) {
		return writeAsJSON(w, text)
	}
	if text, err = yaml.JSONToYAML(text); err == nil {
		_, err = w.Write(text)
	}
	return err
}

func writeAsJSON(w io.Writer, text []byte) error {
	var indented bytes.Buffer
	if err := json.Indent(&indented, bytes.TrimSpace(text), "", "    "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	_, err := (&escaper{to: w, escape: yamlEscape}).Write(indented.Bytes())
	return err
}

// SafePrinter is a printer of kubectl's format json or yaml, whose output
// controls no terminal. A printer of another format is returned as it is. The
// printer of JSON is for what has no YAML that is safe.
func SafePrinter(format string, printer, asJSON printers.ResourcePrinter) printers.ResourcePrinter {
	switch format {
	case "json":
		return printers.ResourcePrinterFunc(func(object runtime.Object, w io.Writer) error {
			return printer.PrintObj(object, EscapeJSON(w))
		})
	case "yaml":
		return &yamlPrinter{plain: printer, asJSON: asJSON}
	}
	return printer
}

// yamlPrinter prints one document of YAML after the other.
type yamlPrinter struct {
	plain, asJSON printers.ResourcePrinter
	// printed is how many documents were printed, and plainly how many of them
	// by the plain printer, which separates its own.
	printed, plainly int
}

// PrintObj implements [printers.ResourcePrinter].
func (p *yamlPrinter) PrintObj(object runtime.Object, w io.Writer) error {
	var text bytes.Buffer
	if err := p.asJSON.PrintObj(object, &text); err != nil {
		return err
	}
	escaped := unsafeText(text.Bytes())
	if p.printed > 0 && (escaped || p.plainly == 0) {
		if _, err := io.WriteString(w, "---\n"); err != nil {
			return err
		}
	}
	p.printed++
	if escaped {
		return writeAsJSON(w, text.Bytes())
	}
	p.plainly++
	return p.plain.PrintObj(object, w)
}
