package safe

import "testing"

func TestURL(t *testing.T) {
	for _, test := range []struct{ name, address, want string }{
		{"no user", "https://example.com/pkg@1.0/a.yaml", "https://example.com/pkg@1.0/a.yaml"},
		{"a password", "https://me:secret@example.com/a", "https://xxxxx@example.com/a"},
		{"a token", "https://secret@example.com/a", "https://xxxxx@example.com/a"},
		{"a password that does not parse", "https://me:se%zzcret@example.com/a", "https://xxxxx@example.com/a"},
		{"a password with a slash", "https://me:sec/ret@example.com/a", "https://xxxxx@example.com/a"},
		{"a password with an at sign and a port that does not parse", "https://me:sec@ret@example.com:http/a", "https://xxxxx@example.com:http/a"},
		{"no URL", "web.yaml", "web.yaml"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := URL(test.address); got != test.want {
				t.Errorf("URL = %q, want %q", got, test.want)
			}
			message := `Get "` + test.address + `": refused`
			if got, want := URLs(message), `Get "`+test.want+`": refused`; got != want {
				t.Errorf("URLs = %q, want %q", got, want)
			}
		})
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"web ☁":               "web ☁",
		"a\x1b[2Jb":           `a\u001b[2Jb`,
		"a\u009b2Jb":          `a\u009b2Jb`,
		"a\u202eb\u2066c\nd":  `a\u202eb\u2066c\u000ad`,
		"not UTF-8: \xff, \t": `not UTF-8: \ufffd, \u0009`,
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}
