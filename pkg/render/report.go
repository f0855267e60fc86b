package render

import (
	"cmp"
	"slices"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Report is what a check of services found. Every format shows the same one.
type Report struct {
	// Services were checked. Table has the routes to those with node ports.
	Services []snapshot.Ref
	Table    *route.Table
	Findings []check.Finding
	Ignored  []check.Ignored
	Gaps     []Gap
	// Walks are what the network answered; none when it was not asked.
	Walks []check.Walk
	// Live tells that the endpoints of the table are a cluster's, not those
	// that manifests would have.
	Live bool
	// FailOn is the least severity that makes the check fail; 0 for none.
	FailOn check.Severity
	// Settings are those that flags and files gave, and what was not taken of them.
	Settings []Setting
}

// Setting is what a flag or a file says of a check.
type Setting struct {
	// Name is the name of the setting in a file, such as "failOn".
	Name, Value string
	// From is the flag or the file.
	From string
	// Refused says why it is not taken, and what to do; empty for one that is.
	Refused string
}

// Gap is what could not be looked at, and the rules that may have missed
// something for it.
type Gap struct {
	Resource, Namespace, Reason string
	Rules                       []string
}

// Fails tells whether a finding makes the check fail.
func (r *Report) Fails(f check.Finding) bool { return r.FailOn != 0 && f.Severity >= r.FailOn }

// Failed tells whether any finding does.
func (r *Report) Failed() bool { return slices.ContainsFunc(r.Findings, r.Fails) }

// Blind tells that nothing of a cluster could be looked at but the services
// themselves: that nothing was found says nothing then.
func (r *Report) Blind() bool {
	misses := func(resource string) bool {
		return slices.ContainsFunc(r.Gaps, func(g Gap) bool { return g.Resource == resource })
	}
	tried := func(hop check.NodeHop) bool {
		return hop.Here.Outcome != probe.Untried || hop.API.Outcome != probe.Untried
	}
	return r.Live && misses("endpointslices") && misses("pods") &&
		!slices.ContainsFunc(r.Walks, func(w check.Walk) bool { return slices.ContainsFunc(w.Nodes, tried) })
}

// count returns the number of findings of a severity.
func (r *Report) count(severity check.Severity) int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].Severity == severity {
			n++
		}
	}
	return n
}

// part is a service with what was found in it. The first part of a report may
// have none: it holds what was found in files before there was a service.
type part struct {
	service  snapshot.Ref
	findings []check.Finding
	ignored  []check.Ignored
}

// parts returns the services in order, each once, with their findings.
func (r *Report) parts() []part {
	at := map[snapshot.Ref]int{}
	var parts []part
	place := func(ref snapshot.Ref) *part {
		i, ok := at[ref]
		if !ok {
			i = len(parts)
			at[ref] = i
			parts = append(parts, part{service: ref})
		}
		return &parts[i]
	}
	for _, ref := range r.Services {
		place(ref)
	}
	for _, finding := range r.Findings {
		p := place(finding.Service)
		p.findings = append(p.findings, finding)
	}
	for _, ignored := range r.Ignored {
		p := place(ignored.Service)
		p.ignored = append(p.ignored, ignored)
	}
	slices.SortStableFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.service.Namespace, b.service.Namespace), cmp.Compare(a.service.Name, b.service.Name))
	})
	return parts
}

// name is how a part is called where there is one line for it.
func (p part) name() string {
	if p.service == (snapshot.Ref{}) {
		return "manifests"
	}
	return p.service.Namespace + "/" + p.service.Name
}

// title is the heading of a rule.
func title(id string) string {
	rule, _ := check.RuleOf(id)
	return rule.Title
}
