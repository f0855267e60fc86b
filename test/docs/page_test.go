package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// page is a Markdown file, line by line.
type page struct {
	// path is relative to the repository's root, with slashes.
	path  string
	lines []string
}

// block is a fenced block, or the commands of a setup comment.
type block struct {
	// kind is run, not run, setup, file, or "" where there is no mark.
	kind string
	// words are what follows the kind in the mark.
	words []string
	// language is the word behind the fence.
	language string
	// first and end enclose the block's lines in the page: first is its first
	// line, end the one behind its last.
	first, end int
}

// pages returns README.md and all pages below docs.
func pages(t *testing.T) []page {
	t.Helper()
	files := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ os.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			name, _ := filepath.Rel(root, path) // both are below root
			files = append(files, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	var all []page
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, newPage(name, string(text)))
	}
	return all
}

func newPage(path, text string) page {
	return page{path, strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")}
}

var mark = regexp.MustCompile(`^\s*<!-- (run|not run|setup|file): *(.*)$`)

// blocks returns the fenced blocks and setups of the page, in order.
func (p page) blocks() ([]block, error) {
	var all []block
	var next block // the mark for the block that follows
	for i := 0; i < len(p.lines); i++ {
		line := strings.TrimSpace(p.lines[i])
		if m := mark.FindStringSubmatch(line); m != nil {
			b := block{kind: m[1], words: strings.Fields(strings.TrimSuffix(m[2], "-->")), first: i + 1}
			if b.kind != "setup" {
				next = b
				continue
			}
			end := p.find(i+1, "-->")
			if end < 0 {
				return nil, fmt.Errorf("%s:%d: the comment has no end", p.path, i+1)
			}
			b.end, i = end, end
			all = append(all, b)
			continue
		}
		if fence := fenceOf(line); fence != "" {
			end := p.find(i+1, fence)
			if end < 0 {
				return nil, fmt.Errorf("%s:%d: the block has no end", p.path, i+1)
			}
			next.language, next.first, next.end = strings.TrimLeft(line, "`"), i+1, end
			all = append(all, next)
			next, i = block{}, end
			continue
		}
		if next.kind != "" && line != "" {
			return nil, fmt.Errorf("%s:%d: no block follows the mark %q", p.path, next.first, next.kind)
		}
	}
	return all, nil
}

// fenceOf returns the backquotes that begin or end a block.
func fenceOf(line string) string {
	fence := line[:len(line)-len(strings.TrimLeft(line, "`"))]
	if len(fence) < 3 {
		return ""
	}
	return fence
}

// find returns the first line from i on that is want, but for indentation; -1
// where there is none.
func (p page) find(i int, want string) int {
	for ; i < len(p.lines); i++ {
		if strings.TrimSpace(p.lines[i]) == want {
			return i
		}
	}
	return -1
}

// option returns the value of a word NAME=VALUE of the block's mark.
func (b block) option(name string) (string, bool) {
	for _, word := range b.words {
		if value, ok := strings.CutPrefix(word, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// text returns the lines of a block, less the indentation of its fence.
func (p page) text(b block) []string {
	indent := ""
	if b.kind != "setup" {
		fence := p.lines[b.first-1]
		indent = fence[:len(fence)-len(strings.TrimLeft(fence, " "))]
	}
	var lines []string
	for _, line := range p.lines[b.first:b.end] {
		lines = append(lines, strings.TrimPrefix(line, indent))
	}
	return lines
}

// step is a command of a block and the output shown below it.
type step struct {
	// command is as typed, its lines joined by newlines; "" in a block that
	// goes on with what runs already.
	command string
	// interrupted tells that ^C was pressed, after the output before.
	interrupted   bool
	before, after []string
}

// steps takes a block of the language console apart.
func steps(lines []string) []step {
	var all []step
	for _, line := range lines {
		last := len(all) - 1
		switch {
		case strings.HasPrefix(line, "$ "):
			all = append(all, step{command: line[2:]})
		case last < 0 && line == "^C":
			all = append(all, step{interrupted: true})
		case last < 0:
			all = append(all, step{before: []string{line}})
		case len(all[last].before) == 0 && strings.HasPrefix(line, "> "):
			all[last].command += "\n" + line[2:]
		case len(all[last].before) == 0 && strings.HasSuffix(all[last].command, `\`):
			all[last].command += "\n" + line
		case line == "^C":
			all[last].interrupted = true
		case all[last].interrupted:
			all[last].after = append(all[last].after, line)
		default:
			all[last].before = append(all[last].before, line)
		}
	}
	return all
}
