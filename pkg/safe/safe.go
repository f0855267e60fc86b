// Package safe makes text that others wrote fit for a terminal and for
// messages: it escapes what is not printable, and hides passwords in URLs.
package safe

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// Text escapes what is not printable, so that text can neither move the cursor
// nor break a line. Text that is safe already is returned as it is.
func Text(s string) string {
	if !strings.ContainsFunc(s, Unsafe) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if Unsafe(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Unsafe reports whether a character controls the terminal, or is one of the
// invisible ones that change the direction in which text is shown.
func Unsafe(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }

// hidden stands for the user and password of a URL.
const hidden = "xxxxx"

// URL returns an address without its user and password, which may be a token. Of
// one that does not parse, everything before the last "@" may belong to them.
func URL(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	parsed, err := url.Parse(address)
	switch at := strings.LastIndexByte(rest, '@'); {
	case err == nil && parsed.User != nil:
		parsed.User = url.User(hidden)
		return parsed.String()
	case err == nil || at < 0:
		return address
	default:
		return scheme + "://" + hidden + rest[at:]
	}
}

// URLs is [URL] for all addresses in a message.
func URLs(message string) string {
	if !strings.Contains(message, "://") {
		return message
	}
	return regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"']+`).ReplaceAllStringFunc(message, URL)
}
