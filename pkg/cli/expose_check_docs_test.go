package cli

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
)

var updateDocs = flag.Bool("update-docs", false, "write docs/checks.md from the rules")

const checksPage = "../../docs/checks.md"

func TestChecksPageAgreesWithTheRules(t *testing.T) {
	want := checksText()
	if *updateDocs {
		if err := os.WriteFile(checksPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(checksPage)
	if err != nil {
		t.Fatalf("%v; make generate writes it", err)
	}
	if diff := cmp.Diff(want, strings.ReplaceAll(string(have), "\r\n", "\n")); diff != "" {
		t.Errorf("docs/checks.md is not what the rules say; make generate writes it anew (- rules, + page):\n%s", diff)
	}
}

func checksText() string {
	var b strings.Builder
	b.WriteString(`<!-- Written from the rules in pkg/check by "make generate". -->

# Checks

What ` + "`kubectl nodeport expose-check`" + ` looks for, and ` + "`create`" + ` and ` + "`apply`" + ` before they write. ` +
		"`kubectl nodeport expose-check --explain ID`" + `
prints the same. An id never changes its meaning.

The severity is the usual one: a finding may be milder where less is known. An error is what the API server refuses, or what
keeps traffic from arriving; a warning is what may, or will later; info is worth knowing.

`)
	b.WriteString("| id | severity | finding |\n|---|---|---|\n")
	for _, rule := range check.Rules() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", rule.ID, rule.ID, rule.Severity, rule.Title)
	}
	for _, group := range checkGroups() {
		fmt.Fprintf(&b, "\n## %s\n", group.title)
		for _, rule := range check.Rules() {
			if strings.HasPrefix(rule.ID, group.prefix) {
				fmt.Fprintf(&b, "\n<a id=\"%s\"></a>\n\n### %s %s\n\n*%s*%s\n\n%s\n",
					rule.ID, rule.ID, rule.Title, rule.Severity, looksAt(rule), rule.Explanation)
			}
		}
	}
	return b.String()
}

type checkGroup struct{ prefix, title string }

func checkGroups() []checkGroup {
	return []checkGroup{
		{"NP0", "What the API server refuses"},
		{"NP1", "Node ports"},
		{"NP2", "Pods, endpoints and network policies"},
		{"NP3", "What the network answers"},
		{"NP4", "Nodes and traffic policy"},
		{"NP5", "Ignored and deprecated"},
		{"NP9", "Files"},
	}
}

func looksAt(rule check.Rule) string {
	if needs := rule.Needs(); len(needs) > 0 {
		return ", looks at " + strings.Join(needs, ", ")
	}
	return ""
}

func TestEveryRuleIsInAGroup(t *testing.T) {
	text := checksText()
	for _, rule := range check.Rules() {
		if !strings.Contains(text, "### "+rule.ID+" ") {
			t.Errorf("docs/checks.md does not explain %s", rule.ID)
		}
	}
}
