package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
)

// Explain writes what the findings of a rule mean.
func Explain(w io.Writer, rule check.Rule) error {
	_, err := fmt.Fprintf(w, "%s  %s  %s\n\n%s\n\n%s\n", rule.ID, rule.Severity, rule.Title,
		strings.Join(wrap(rule.Explanation, 80), "\n"), DocsOf(rule.ID))
	return err
}
