package render

import (
	"strings"
	"unicode/utf8"
)

// wrap breaks text at blanks into lines of at most width characters, and longer
// ones only where a word is longer. There is at least one line.
func wrap(text string, width int) []string {
	return wrapItems(strings.Fields(text), width, " ")
}

// wrapItems joins items into lines of at most width characters, two blanks
// apart unless another separator is given.
func wrapItems(items []string, width int, separator ...string) []string {
	between := "  "
	if len(separator) > 0 {
		between = separator[0]
	}
	var lines []string
	line := ""
	for _, item := range items {
		switch {
		case line == "":
			line = item
		case utf8.RuneCountInString(line)+len(between)+utf8.RuneCountInString(item) <= width:
			line += between + item
		default:
			lines = append(lines, line)
			line = item
		}
	}
	return append(lines, line)
}
