package render

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSafe(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"a name", "web-1.example.com", "web-1.example.com"},
		{"letters of any script", "größe → 東京 ✓", "größe → 東京 ✓"},
		{"an ANSI escape", "\x1b[31mred\x1b[0m", `\u001b[31mred\u001b[0m`},
		{"the same in one byte of Latin 1", "\u009b31m", `\u009b31m`},
		{"ends of lines", "a\nb\r\nc", `a\u000ab\u000d\u000ac`},
		{"a tab", "a\tb", `a\u0009b`},
		{"bell, backspace, delete, nul", "\a\b\x7f\x00", `\u0007\u0008\u007f\u0000`},
		{"a right-to-left override", "\u202egnp.exe", `\u202egnp.exe`},
		{"bidirectional isolates", "\u2066a\u2069", `\u2066a\u2069`},
		{"an invisible joiner", "a\u200bb\ufeff", `a\u200bb\ufeff`},
		{"separators of lines and paragraphs", "\u2028\u2029", `\u2028\u2029`},
		{"a blank that is not one", "a\u00a0b", `a\u00a0b`},
		{"bytes that are no UTF-8", "a\xffb\xc0", `a\ufffdb\ufffd`},
		{"a character beyond the first 65536 that cannot be printed", "\U000e0041", `\ue0041`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Safe(test.in); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestSafeLines(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"a\n\tb\n":             "a\n  b\n",
		"a\r\nb":               "a\\u000d\nb",
		"\x1b[2J\n\u202eb\n\n": "\\u001b[2J\n\\u202eb\n\n",
	} {
		if got := SafeLines(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, seed := range []string{"web", "\x1b[31m", "\u202e", "a\nb\tc", "\xff\xfe", "größe", "\u009b", "\U000e0041"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line, lines := Safe(s), SafeLines(s)
		checkSafe(t, line)
		checkSafe(t, strings.ReplaceAll(lines, "\n", ""))
		if again := Safe(line); again != line {
			t.Errorf("%q: %q is %q the next time", s, line, again)
		}
		if got, want := strings.Count(lines, "\n"), strings.Count(s, "\n"); got != want {
			t.Errorf("%q: %d lines, want %d", s, got, want)
		}
	})
}

// checkSafe says itself what no terminal may be sent, other than the code does.
func checkSafe(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("%q is not UTF-8", s)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			t.Errorf("%q holds %U", s, r)
		}
	}
}
