package render

import (
	"fmt"
	"strings"
	"unicode"
)

// Safe makes text from a cluster safe for a terminal: what is not printable is
// written as an escape, so that a name can neither move the cursor nor break a
// line. Text that is safe already is returned as it is.
func Safe(s string) string {
	if !strings.ContainsFunc(s, unsafe) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unsafe(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// SafeLines is Safe for text of several lines, which stay lines.
func SafeLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Safe(strings.ReplaceAll(lines[i], "\t", "  "))
	}
	return strings.Join(lines, "\n")
}

// unsafe holds for control characters, and for the invisible ones that change
// the direction in which text is shown.
func unsafe(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }
