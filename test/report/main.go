// Command report reads what go test -json says and shows people what matters:
// what failed, with its output, what was skipped and why, and the counts.
//
//	go test -json ./... | go run ./test/report
//
// It exits with 1 if a test or a build failed or no test ran.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

func main() {
	ok, err := report(os.Stdin, os.Stdout)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "report:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// report copies progress from in to out and then sums up. It reports whether
// all went well.
func report(in io.Reader, out io.Writer) (bool, error) {
	s := newSummary(out)
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line)
		}
		if err == io.EOF {
			return s.end(), nil
		}
		if err != nil {
			return false, err
		}
	}
}
