package check

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Rule is one thing that is looked for.
type Rule struct {
	// ID is stable: NP0xx are fields that the API server refuses, NP1xx node
	// ports, NP2xx pods, endpoints and network policies, NP3xx what the network
	// answers, NP4xx nodes and traffic policy, NP5xx what is ignored or
	// deprecated, NP9xx the files.
	ID string
	// Severity is that of a finding where nothing makes it milder.
	Severity Severity
	// Title is a heading of a few words.
	Title string
	// Explanation tells in sentences why it matters and what to do about it.
	Explanation string

	find func(*subject) []Finding
}

// Rules returns all rules, by id.
func Rules() []Rule {
	rules := slices.Concat(
		metadataRules(),
		portRules(),
		typeRules(),
		specRules(),
		immutableRules(),
		addressRules(),
		[]Rule{endpointAddressRule()},
		nodePortRules(),
		[]Rule{noNodePortRule()},
		selectorRules(),
		templateRules(),
		targetRules(),
		[]Rule{loopbackRule()},
		podRules(),
		probeRules(),
		sliceRules(),
		networkPolicyRules(),
		walkRules(),
		policyRules(),
		familyRules(),
		hostRules(),
		ignoredRules(),
		fileRules(),
	)
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules
}

// checker runs the rules over one snapshot. It builds each index once.
type checker struct {
	*snapshot.Snapshot
	rules []Rule
	// partial is that of [Input].
	partial bool
	index   *index
}

func newChecker(s *snapshot.Snapshot) *checker {
	return &checker{Snapshot: s, rules: Rules(), index: newIndex(s)}
}

func (c *checker) service(service *corev1.Service) []Finding {
	x := newSubject(c, service)
	var findings []Finding
	for i := range c.rules {
		for _, finding := range c.rules[i].find(x) {
			findings = append(findings, c.complete(finding, &c.rules[i], x))
		}
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	return findings
}

// complete fills in what a rule function leaves to its rule.
func (c *checker) complete(finding Finding, rule *Rule, x *subject) Finding {
	finding.ID = rule.ID
	finding.Service = x.ref
	if finding.Severity == 0 {
		finding.Severity = rule.Severity
	}
	if finding.Object == (snapshot.Ref{}) {
		finding.Object = x.ref
	}
	finding.Position = c.Locate(finding.Object, finding.Field)
	return finding
}
