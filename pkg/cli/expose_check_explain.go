package cli

import (
	"fmt"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// explainRule says what the findings of an id mean, or lists all.
func (f *factory) explainRule(id string) error {
	if id == "all" {
		return render.Table(f.Out, []render.Column[check.Rule]{
			{Header: "ID", Cell: func(r check.Rule) string { return r.ID }},
			{Header: "SEVERITY", Cell: func(r check.Rule) string { return r.Severity.String() }},
			{Header: "FINDING", Cell: func(r check.Rule) string { return r.Title }},
		}, check.Rules(), render.TableOptions{})
	}
	rule, ok := check.RuleOf(strings.ToUpper(id))
	if !ok {
		return fmt.Errorf("%q is the id of no finding; --explain all lists them", id)
	}
	return render.Explain(f.Out, rule)
}
