package svg

import (
	"regexp"
	"slices"
	"strings"
)

// piece is text of one colour; its class is that of the style sheet.
type piece struct{ class, text string }

// rule gives colours to the groups of a pattern, in their order.
type rule struct {
	pattern *regexp.Regexp
	classes []string
}

// rules are tried in turn; what one has coloured no other does. The three
// ports have a colour each, wherever a packet's way is written.
func rules() []rule {
	return []rule{
		{regexp.MustCompile(`^(NAME .*)$`), []string{"dim"}},
		{regexp.MustCompile(`(\d+) → (\d+) → (\d+|[a-z-]+)/(?:TCP|UDP|SCTP)`), []string{"node", "service", "target"}},
		{regexp.MustCompile(`(\d+) → (\d+) → (\d+)$`), []string{"node", "service", "target"}},
		{regexp.MustCompile(`node [\d.]+:(\d+)`), []string{"node"}},
		{regexp.MustCompile(`service [\d.]+:(\d+)`), []string{"service"}},
		{regexp.MustCompile(`pod [\d.]+:(\d+)`), []string{"target"}},
		{regexp.MustCompile(`--port (\d+):(\d+):(\d+)`), []string{"node", "service", "target"}},
		{regexp.MustCompile(`(https?://\S+)`), []string{"link"}},
		{regexp.MustCompile(`^(error:?)\b`), []string{"bad"}},
		{regexp.MustCompile(`^(warning:?)\b`), []string{"warn"}},
		{regexp.MustCompile(`(✗)`), []string{"bad"}},
		{regexp.MustCompile(`(✓)`), []string{"good"}},
		{regexp.MustCompile(`^\s+(fix:) `), []string{"good"}},
		{regexp.MustCompile(`^\s{0,9}(from here|from API|pods|at) `), []string{"dim"}},
		{regexp.MustCompile(`(\((?:no endpoint on this node|dry run)\))`), []string{"dim"}},
	}
}

// span is where a colour is in a line, in bytes.
type span struct {
	from, to int
	class    string
}

// pieces takes a line apart: by colour, and where columns begin, which is
// behind two spaces.
func pieces(line string) []piece {
	base := ""
	var all []piece
	if rest, ok := strings.CutPrefix(line, "$ "); ok {
		all, line, base = []piece{{"prompt", "$ "}}, rest, "command"
	}
	at := 0
	for _, s := range spans(line) {
		all = append(all, columns(base, line[at:s.from])...)
		all = append(all, columns(s.class, line[s.from:s.to])...)
		at = s.to
	}
	return append(all, columns(base, line[at:])...)
}

func spans(line string) []span {
	var all []span
	for _, r := range rules() {
		for _, m := range r.pattern.FindAllStringSubmatchIndex(line, -1) {
			for group, class := range r.classes {
				s := span{m[2+2*group], m[3+2*group], class}
				if !slices.ContainsFunc(all, func(other span) bool { return s.from < other.to && other.from < s.to }) {
					all = append(all, s)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b span) int { return a.from - b.from })
	return all
}

var gap = regexp.MustCompile(` {2,}`)

// columns splits text behind wide gaps, and puts each gap into a piece of its own.
func columns(class, text string) []piece {
	var all []piece
	at := 0
	for _, g := range gap.FindAllStringIndex(text, -1) {
		all = append(all, piece{class, text[at:g[0]]}, piece{"", text[g[0]:g[1]]})
		at = g[1]
	}
	all = append(all, piece{class, text[at:]})
	return slices.DeleteFunc(all, func(p piece) bool { return p.text == "" })
}
