package check

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func ruleCases() []ruleCase {
	return slices.Concat(
		metadataCases(), portCases(), typeCases(), specCases(), nodePortCases(), hostPortCases(),
		selectorCases(), nearestCases(), targetCases(), podCases(), sliceCases(), policyCases(), ignoredCases(),
		immutableCases(), addressCases(), templateCases(), probeCases(), loopbackCases(), networkPolicyCases(), familyCases(), hostCases(), ignoreCases(), usableCases(),
	)
}

func TestRules(t *testing.T) {
	for _, test := range ruleCases() {
		t.Run(test.id+" "+test.name, test.run)
	}
}

// A rule that was never seen to find something, or to let something pass, may
// as well not be there.
func TestEveryRuleIsSeenToFindAndToLetPass(t *testing.T) {
	finds, passes := map[string]bool{}, map[string]bool{}
	for _, test := range ruleCases() {
		finds[test.id] = finds[test.id] || len(test.want) > 0
		passes[test.id] = passes[test.id] || len(test.want) == 0
	}
	for _, rule := range Rules() {
		if slices.Contains([]string{"NP106", "NP205", NotReadable, GivenTwice, NotAManifest}, rule.ID) || strings.HasPrefix(rule.ID, "NP3") {
			continue // see TestRun, TestStrangers, TestWalks and the tests of expose-check
		}
		if !finds[rule.ID] {
			t.Errorf("no case shows that %s (%s) finds something", rule.ID, rule.Title)
		}
		if !passes[rule.ID] {
			t.Errorf("no case shows that %s (%s) lets something pass", rule.ID, rule.Title)
		}
	}
}

func TestRulesAreWellFormed(t *testing.T) {
	id := regexp.MustCompile(`^NP[0-9]{3}$`)
	last := ""
	for _, rule := range Rules() {
		if !id.MatchString(rule.ID) || rule.ID <= last {
			t.Errorf("rule %q follows %q: ids are NPnnn, unique and in order", rule.ID, last)
		}
		last = rule.ID
		if rule.Severity < Info || rule.Severity > Error {
			t.Errorf("%s has severity %d", rule.ID, rule.Severity)
		}
		if rule.Title == "" || strings.HasSuffix(rule.Title, ".") {
			t.Errorf("%s has the title %q", rule.ID, rule.Title)
		}
		if !strings.HasSuffix(rule.Explanation, ".") {
			t.Errorf("%s is explained by no sentences: %q", rule.ID, rule.Explanation)
		}
		if rule.find == nil {
			t.Errorf("%s looks for nothing", rule.ID)
		}
	}
}
