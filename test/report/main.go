// Command report reads what go test -json says and shows people what matters:
// what failed, with its output, what was skipped and why, and the counts.
//
//	go test -json ./... | go run ./test/report
//
// It exits with 1 if a test or a build failed or no test ran.
package main

import (
	"fmt"
	"os"

	"github.com/kubectl-nodeport/kubectl-nodeport/test/internal/gotest"
)

func main() {
	counts, err := gotest.Report(os.Stdin, os.Stdout)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "report:", err)
	}
	if err != nil || !counts.OK() {
		os.Exit(1)
	}
}
