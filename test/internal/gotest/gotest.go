// Package gotest reads what go test -json prints and sums it up.
package gotest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Counts are the numbers of tests by their results. A test with subtests counts
// only by itself if it fails while none of them does; a package that fails
// outside of any test counts as a failed test.
type Counts struct{ Passed, Failed, Skipped int }

// OK reports whether no test failed, and at least one passed.
func (c Counts) OK() bool { return c.Failed == 0 && c.Passed > 0 }

// Add returns the sums of both counts.
func (c Counts) Add(d Counts) Counts {
	return Counts{c.Passed + d.Passed, c.Failed + d.Failed, c.Skipped + d.Skipped}
}

func (c Counts) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.Passed, c.Failed, c.Skipped)
}

// Report copies the output of failed tests and the progress from in to out, then
// what was skipped with the reasons, and last the counts.
func Report(in io.Reader, out io.Writer) (Counts, error) {
	s := newSummary(out)
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line)
		}
		if errors.Is(err, io.EOF) {
			return s.end(), nil
		}
		if err != nil {
			return Counts{}, err
		}
	}
}
