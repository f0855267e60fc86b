package cli

import (
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

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

// tellBefore shows what was found in services that are about to be written.
// What will pass by itself is left to the wait that follows; for pods that
// there are none of nobody waits.
func (f *factory) tellBefore(findings []check.Finding, s *snapshot.Snapshot, write writeOptions) error {
	if write.check == checkIgnore {
		return nil
	}
	f.tellUnchecked(s)
	if write.wait && write.dryRun == dryRunNone {
		findings = slices.DeleteFunc(findings, func(f check.Finding) bool { return f.Passing && f.ID != check.NoPods })
	}
	err := f.tell(findings)
	if err == nil || write.check == checkWarn {
		return nil
	}
	told := "Nothing was changed."
	if !slices.ContainsFunc(findings, check.Finding.Refused) {
		told += " --check=warn goes on all the same."
	}
	f.say("%s", told)
	return err
}

// tellUnchecked names the permissions without which rules were silent, and
// says what else could not be known.
func (f *factory) tellUnchecked(s *snapshot.Snapshot) {
	var missing, others []string
	for _, gap := range s.Gaps {
		if !apierrors.IsForbidden(gap.Err) {
			others = append(others, render.Safe(gap.Err.Error()))
			continue
		}
		resource := gap.Resource
		if resource == "services" && gap.Namespace == "" {
			resource += " of all namespaces"
		}
		missing = append(missing, resource)
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		f.say("note: checked without what you may not list: %s", strings.Join(slices.Compact(missing), ", "))
	}
	slices.Sort(others)
	for _, other := range slices.Compact(others) {
		f.say("note: not all could be checked: %s", other)
	}
}
