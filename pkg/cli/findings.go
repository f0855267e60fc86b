package cli

import (
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// tell shows errors and warnings. It returns errReported when one of them
// should stop the services from being written.
func (f *factory) tell(findings []check.Finding) error {
	stop := false
	for _, finding := range findings {
		if finding.Severity < check.Warning {
			continue
		}
		f.tellFinding(finding)
		stop = stop || finding.Stops()
	}
	if stop {
		return errReported
	}
	return nil
}

func (f *factory) tellFinding(finding check.Finding) {
	severity := finding.Severity.String()
	if !finding.Stops() {
		severity = check.Warning.String() // what will pass by itself stops nothing
	}
	where := finding.Position.String()
	if where == "" {
		where = finding.Object.String()
	}
	f.say("%s: %s: %s", severity, render.Safe(where), render.Safe(finding.Message))
	if finding.Fix != "" {
		fix := strings.ReplaceAll(render.SafeLines(finding.Fix), "\n", "\n       ")
		f.say("  fix: %s", fix)
	}
}

// warn tells of what is doubtful, in the words of others.
func (f *factory) warn(message string) { f.say("warning: %s", render.SafeLines(message)) }

func refNames(refs []snapshot.Ref) string {
	var names []string
	for _, ref := range refs {
		names = append(names, strings.ToLower(ref.Kind)+"/"+ref.Name)
	}
	return strings.Join(names, ", ")
}
