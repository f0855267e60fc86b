package render

import (
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/safe"
)

// Safe makes text from a cluster safe for a terminal; see [safe.Text].
func Safe(s string) string { return safe.Text(s) }

// SafeLines is Safe for text of several lines, which stay lines.
func SafeLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Safe(strings.ReplaceAll(lines[i], "\t", "  "))
	}
	return strings.Join(lines, "\n")
}
