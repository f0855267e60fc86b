package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/internal/gotest"
)

// The comments around the rows of the page's table.
const (
	rowsBegin = "<!-- results: go run ./test/versions writes these rows -->"
	rowsEnd   = "<!-- end of results -->"
)

// writePage writes results into the table of a page. Rows of versions that were
// not tested stay.
func writePage(path string, all []results) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, err := updated(string(text), all)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(changed), 0o644)
}

func updated(page string, all []results) (string, error) {
	before, rest, ok := strings.Cut(page, rowsBegin+"\n")
	table, after, ended := strings.Cut(rest, rowsEnd)
	if !ok || !ended {
		return "", fmt.Errorf("the page has no lines %q and %q", rowsBegin, rowsEnd)
	}
	lines := strings.Split(strings.TrimSpace(table), "\n")
	for _, r := range all {
		row, place := r.row(), -1
		for i, line := range lines {
			if strings.HasPrefix(line, "| "+r.version+" |") {
				place = i
			}
		}
		if place < 0 {
			lines = append(lines, row)
		} else {
			lines[place] = row
		}
	}
	return before + rowsBegin + "\n\n" + strings.Join(lines, "\n") + "\n\n" + rowsEnd + after, nil
}

func (r results) row() string {
	cells := []string{r.version}
	for _, counts := range r.counts {
		cells = append(cells, cell(counts))
	}
	return "| " + strings.Join(append(cells, r.date.Format("2006-01-02")), " | ") + " |"
}

func cell(c gotest.Counts) string {
	text := fmt.Sprintf("%d passed", c.Passed)
	if c.Failed > 0 {
		text += fmt.Sprintf(", **%d failed**", c.Failed)
	}
	if c.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped", c.Skipped)
	}
	return text
}
