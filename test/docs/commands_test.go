package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCommandsPrintWhatThePagesShow(t *testing.T) {
	for _, p := range pages(t) {
		blocks, err := p.blocks()
		if err != nil {
			t.Error(err)
			continue
		}
		if slices.ContainsFunc(blocks, block.runs) {
			t.Run(strings.TrimSuffix(strings.TrimPrefix(p.path, "docs/"), ".md"), func(t *testing.T) { p.run(t, blocks) })
		}
	}
}

func TestBlocksThatShowCommandsAreMarked(t *testing.T) {
	for _, p := range pages(t) {
		blocks, err := p.blocks()
		if err != nil {
			t.Error(err)
			continue
		}
		for _, b := range blocks {
			at := fmt.Sprintf("%s:%d", p.path, b.first)
			switch shows := slices.ContainsFunc(p.text(b), func(line string) bool { return strings.HasPrefix(line, "$ ") }); {
			case b.kind == "" && (shows || b.language == "console"):
				t.Errorf("%s: the block shows commands: mark it as test/docs/doc.go says", at)
			case b.kind == "not run" && len(b.words) == 0:
				t.Errorf("%s: say why the block is not run", at)
			case b.kind == "run" && shows && b.language != "console":
				t.Errorf("%s: the language of a block with prompts is console", at)
			case b.kind == "run" && !shows && b.language == "console" && p.text(b)[0] != "^C":
				t.Errorf("%s: the block is console, but has no line that begins with \"$ \"", at)
			}
		}
	}
}

// runs tells blocks that are to be run.
func (b block) runs() bool { return b.kind == "run" || b.kind == "setup" }

// run runs the blocks of a page in one session; with -update, it writes what
// was seen into the page.
func (p page) run(t *testing.T, blocks []block) {
	s := newSession(t)
	texts := map[int][]string{} // by the first line of a block whose output differs
	for _, b := range blocks {
		lines := p.text(b)
		switch {
		case b.kind == "file":
			s.write(strings.Join(b.words, " "), lines)
		case !b.runs():
		case b.language == "console":
			if seen := p.console(s, b, lines); *update && !slices.Equal(seen, lines) {
				texts[b.first] = seen
			}
		default:
			p.whole(s, b, lines)
		}
		if t.Failed() {
			t.Logf("%s:%d: the rest of the page was not run", p.path, b.first)
			break
		}
	}
	if len(texts) > 0 {
		p.rewrite(t, blocks, texts)
	}
}

// whole runs all lines of a block as one command.
func (p page) whole(s *session, b block, lines []string) {
	term := s.terminal(b.words)
	term.start(strings.Join(lines, "\n"))
	if out, code := term.wait(); code != 0 {
		s.t.Errorf("%s:%d: exit code %d\n%s", p.path, b.first, code, strings.Join(out, "\n"))
	}
}

// console runs the commands of a block one by one, and returns the block as it
// should be: with the output seen, where that is not the same.
func (p page) console(s *session, b block, lines []string) []string {
	term, all := s.terminal(b.words), steps(lines)
	var page []string
	for i, st := range all {
		stays := i == len(all)-1 && slices.Contains(b.words, "stays")
		seen, ok := st.run(term, stays)
		if !ok && !*update {
			s.t.Errorf("%s:%d: $ %s\n(- shown, + seen)\n%s", p.path, b.first, st.command, difference(st.output(), seen.output()))
		}
		if ok {
			seen.before, seen.after = st.before, st.after
		}
		page = append(page, seen.lines()...)
	}
	return page
}

// run types the command and returns what was seen, and whether that is what
// was shown.
func (st step) run(term *terminal, stays bool) (step, bool) {
	seen := step{command: st.command, interrupted: st.interrupted}
	if st.command != "" {
		term.start(st.command)
	}
	if !st.interrupted && !stays {
		out, code := term.wait()
		seen.before = out
		if len(st.before) == 0 {
			return seen, code == 0
		}
		return seen, same(st.before, out)
	}
	var out []string
	var code int
	if *update {
		out, code = term.settle()
	} else {
		out, code = term.await("what is shown", func(out []string) bool { return begins(st.before, out) })
	}
	seen.before = out
	if code >= 0 || stays {
		return seen, code < 0 && begins(st.before, out)
	}
	shown := begins(st.before, out)
	term.interrupt()
	all, _ := term.wait()
	seen.after = all[min(len(out), len(all)):]
	return seen, shown && same(st.after, seen.after)
}

// output is all that was printed.
func (st step) output() []string { return slices.Concat(st.before, st.after) }

// lines is the step as a page shows it.
func (st step) lines() []string {
	var all []string
	if st.command != "" {
		typed := "$ " + st.command
		if !strings.Contains(typed, "\\\n") {
			typed = strings.ReplaceAll(typed, "\n", "\n> ")
		}
		all = strings.Split(typed, "\n")
	}
	all = append(all, st.before...)
	if st.interrupted {
		all = append(all, "^C")
	}
	return append(all, st.after...)
}

// rewrite puts new texts into the blocks of the page.
func (p page) rewrite(t *testing.T, blocks []block, texts map[int][]string) {
	lines := slices.Clone(p.lines)
	for _, b := range slices.Backward(blocks) {
		if text, ok := texts[b.first]; ok && b.kind == "run" {
			lines = slices.Replace(lines, b.first, b.end, text...)
		}
	}
	if err := os.WriteFile(filepath.Join(root, p.path), []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}
