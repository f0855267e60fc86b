package gotest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of go test -json; go doc test2json describes it.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// key names a test; that of a package has an empty test.
type key struct{ pkg, test string }

// summary collects the events of a run.
type summary struct {
	out    io.Writer
	output map[key]*strings.Builder
	result map[key]string
	// parents are the tests with subtests, and whether one of those failed.
	parents map[key]bool
	broken  bool
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, output: map[key]*strings.Builder{}, result: map[key]string{}, parents: map[key]bool{}}
}

// line takes one line; what is no event is shown as it is.
func (s *summary) line(text []byte) {
	var e event
	if err := json.Unmarshal(text, &e); err != nil || e.Action == "" {
		s.print(string(text))
		return
	}
	k := key{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		s.print(e.Output)
	case "build-fail":
		s.broken = true
	case "output":
		s.keep(k, e.Output)
	case "pass", "fail", "skip":
		s.ended(k, e)
	}
}

func (s *summary) keep(k key, text string) {
	if s.output[k] == nil {
		s.output[k] = &strings.Builder{}
	}
	s.output[k].WriteString(text)
}

func (s *summary) ended(k key, e event) {
	s.result[k] = e.Action
	if i := strings.LastIndex(k.test, "/"); i >= 0 {
		parent := key{k.pkg, k.test[:i]}
		s.parents[parent] = s.parents[parent] || e.Action == "fail"
	}
	if e.Action == "fail" || k.test == "" {
		s.show(k, e)
	}
	if e.Action != "skip" {
		delete(s.output, k)
	}
}

// show shows a failed test's output, and of a package its result in a line.
func (s *summary) show(k key, e event) {
	text := ""
	if b := s.output[k]; b != nil {
		text = b.String()
	}
	switch {
	case k.test != "":
		s.print(text)
	case e.Action == "fail":
		s.print(text)
		s.broken = true
	case e.Action == "pass":
		s.print(fmt.Sprintf("ok    %s %.1fs\n", e.Package, e.Elapsed))
	}
}

// end prints what was skipped and the counts, and returns them.
func (s *summary) end() Counts {
	counts := Counts{Failed: s.failedPackages()}
	var skipped []key
	for k, result := range s.result {
		blamed, parent := s.parents[k]
		if k.test == "" || parent && (blamed || result != "fail") {
			continue // the tests in it count
		}
		switch result {
		case "pass":
			counts.Passed++
		case "fail":
			counts.Failed++
		case "skip":
			counts.Skipped++
			skipped = append(skipped, k)
		}
	}
	if s.broken && counts.Failed == 0 {
		counts.Failed = 1
	}
	slices.SortFunc(skipped, func(a, b key) int {
		return cmp.Or(strings.Compare(a.pkg, b.pkg), strings.Compare(a.test, b.test))
	})
	for i, k := range skipped {
		if i == 0 {
			s.print("\nNot run:\n")
		}
		s.print(fmt.Sprintf("  %s %s\n      %s\n", k.pkg, k.test, s.reason(k)))
	}
	s.print("\n" + counts.String() + "\n")
	return counts
}

// failedPackages counts those that failed outside of any test: they did not
// build, or ended before their time.
func (s *summary) failedPackages() int {
	blamed := map[string]bool{}
	for k, result := range s.result {
		if k.test != "" && result == "fail" {
			blamed[k.pkg] = true
		}
	}
	n := 0
	for k, result := range s.result {
		if k.test == "" && result == "fail" && !blamed[k.pkg] {
			n++
		}
	}
	return n
}

// reason returns why a test was skipped: what it said before its result.
func (s *summary) reason(k key) string {
	b := s.output[k]
	if b == nil {
		return "it gave no reason"
	}
	var said []string
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		if _, after, ok := strings.Cut(line, ".go:"); ok { // its place in the source
			_, line, _ = strings.Cut(after, ": ")
		}
		said = append(said, line)
	}
	if said == nil {
		return "it gave no reason"
	}
	return strings.Join(said, " ")
}

func (s *summary) print(text string) { _, _ = io.WriteString(s.out, text) }
