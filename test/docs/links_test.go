package docs

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestLinksLeadSomewhere(t *testing.T) {
	anchors := map[string][]string{}
	all := pages(t)
	for _, p := range all {
		anchors[p.path] = p.anchors()
	}
	for _, p := range all {
		for _, l := range p.links() {
			if problem := l.problem(p.path, anchors); problem != "" {
				t.Errorf("%s:%d: %s: %s", p.path, l.line, l.target, problem)
			}
		}
	}
}

func TestPagesAreFoundFromTheReadme(t *testing.T) {
	links := map[string][]string{}
	for _, p := range pages(t) {
		for _, l := range p.links() {
			if target, _, _ := strings.Cut(l.target, "#"); !strings.Contains(target, ":") {
				links[p.path] = append(links[p.path], path.Join(path.Dir(p.path), target))
			}
		}
	}
	found := []string{"README.md"}
	for i := 0; i < len(found); i++ {
		for _, to := range links[found[i]] {
			if !slices.Contains(found, to) {
				found = append(found, to)
			}
		}
	}
	for _, p := range pages(t) {
		if !slices.Contains(found, p.path) {
			t.Errorf("%s: no link leads there from README.md", p.path)
		}
	}
}

// link is a link of a page.
type link struct {
	target string
	line   int
}

var (
	inlineLink = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	reference  = regexp.MustCompile(`^\[[^\]]+\]: +(\S+)`)
	attribute  = regexp.MustCompile(`(?:href|src|srcset)="([^"]+)"`)
	code       = regexp.MustCompile("`[^`]*`")
)

// links returns what the page links to and the images that it shows.
func (p page) links() []link {
	var all []link
	for i, line := range p.prose() {
		for _, pattern := range []*regexp.Regexp{inlineLink, reference, attribute} {
			for _, m := range pattern.FindAllStringSubmatch(code.ReplaceAllString(line, "``"), -1) {
				all = append(all, link{m[1], i + 1})
			}
		}
	}
	return all
}

// prose returns the page's lines, empty ones for those in fenced blocks.
func (p page) prose() []string {
	lines := slices.Clone(p.lines)
	fence := ""
	for i, line := range lines {
		switch f := fenceOf(strings.TrimSpace(line)); {
		case f != "" && fence == "":
			fence = f
		case f != "" && f == fence:
			fence = ""
		case fence == "":
			continue
		}
		lines[i] = ""
	}
	return lines
}

// problem says why a link of the page from leads nowhere; "" where it does not
// have to be looked at, or leads somewhere. Nothing is asked of the network.
func (l link) problem(from string, anchors map[string][]string) string {
	u, err := url.Parse(l.target)
	switch {
	case err != nil:
		return err.Error()
	case u.Scheme == "https":
		return ""
	case u.Scheme != "" || u.Host != "":
		return "links go to files or to https"
	}
	to := from
	if u.Path != "" {
		to = path.Join(path.Dir(from), u.Path)
	}
	if strings.HasPrefix(to, "..") {
		return "is outside of the repository"
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(to))); err != nil {
		return "there is no " + to
	}
	if u.Fragment != "" && !slices.Contains(anchors[to], u.Fragment) {
		return fmt.Sprintf("%s has no heading %q", to, u.Fragment)
	}
	return ""
}

var (
	heading  = regexp.MustCompile(`^#{1,6} +(.+?) *#*$`)
	named    = regexp.MustCompile(`<a (?:id|name)="([^"]+)">`)
	linkText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// anchors returns what links to places in the page may name.
func (p page) anchors() []string {
	var all []string
	times := map[string]int{}
	for _, line := range p.prose() {
		for _, m := range named.FindAllStringSubmatch(line, -1) {
			all = append(all, m[1])
		}
		m := heading.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		a := anchor(m[1])
		if times[a]++; times[a] > 1 {
			a = fmt.Sprintf("%s-%d", a, times[a]-1)
		}
		all = append(all, a)
	}
	return all
}

// anchor is what GitHub makes of a heading.
func anchor(heading string) string {
	heading = linkText.ReplaceAllString(heading, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

func TestAnchorsAreThoseOfGitHub(t *testing.T) {
	for heading, want := range map[string]string{
		"Install":                      "install",
		"What kubectl does without it": "what-kubectl-does-without-it",
		"`create`, and `apply`":        "create-and-apply",
		"CI / CD":                      "ci--cd",
		"See [design](design.md)":      "see-design",
		"externalTrafficPolicy: Local": "externaltrafficpolicy-local",
	} {
		if got := anchor(heading); got != want {
			t.Errorf("%s: %s, want %s", heading, got, want)
		}
	}
}
