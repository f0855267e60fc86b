package check

import (
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// IgnoreAnnotation on a service names findings that are accepted, with the
// reasons: "NP104: agreed with the network team; NP203: both are web".
const IgnoreAnnotation = "nodeport/ignore"

// Ignore is a finding that somebody has accepted.
type Ignore struct {
	ID string
	// Object is what the finding is about or the service that was checked, as
	// "Kind/namespace/name", where * stands for any text; empty for all.
	Object string
	// Reason is why, and By where that is written.
	Reason, By string
	// Trusted reports that it comes from the command line, or from a file that
	// the command line names, and not from what is checked.
	Trusted bool
}

// Ignored is a finding with what it is ignored by.
type Ignored struct {
	Finding
	Ignore Ignore
}

// Sift parts findings into those that count and those that are ignored: by one
// of the given, or by the annotation of their service. A finding that makes a
// check fail, of the severity failOn or worse, is ignored by a trusted one
// alone: what is checked must not switch off its check. With failOn 0 nothing
// makes the check fail.
func Sift(findings []Finding, services []*corev1.Service, given []Ignore, failOn Severity) (counting []Finding, ignored []Ignored) {
	annotated := map[snapshot.Ref][]Ignore{}
	for _, service := range services {
		if text, set := service.Annotations[IgnoreAnnotation]; set {
			annotated[snapshot.RefOf("Service", service)], _ = ParseIgnores(text)
		}
	}
	for _, finding := range findings {
		fails := failOn != 0 && finding.Severity >= failOn
		by, known := ignoredBy(finding, slices.Concat(annotated[finding.Service], given), fails)
		switch {
		case known && (by.Trusted || !fails):
			ignored = append(ignored, Ignored{finding, by})
			continue
		case known:
			finding.Message += fmt.Sprintf(" (not ignored by %s: this severity fails the check, so only --ignore or --config can)", by.By)
		}
		counting = append(counting, finding)
	}
	return counting, ignored
}

// ignoredBy returns the first that covers a finding, or the first trusted one
// where it has to be one and there is one.
func ignoredBy(finding Finding, ignores []Ignore, trusted bool) (by Ignore, ok bool) {
	for _, ignore := range ignores {
		if ignore.ID != finding.ID || !ignore.covers(finding.Object) && !ignore.covers(finding.Service) {
			continue
		}
		if ignore.Trusted || !trusted {
			return ignore, true
		}
		if !ok {
			by, ok = ignore, true
		}
	}
	return by, ok
}

func (i Ignore) covers(ref snapshot.Ref) bool {
	if i.Object == "" {
		return true
	}
	matched, err := path.Match(i.Object, ref.String())
	return err == nil && matched
}

// ParseIgnores reads the value of the annotation. What it cannot read of it is
// an error; the rest counts all the same.
func ParseIgnores(text string) ([]Ignore, error) {
	var ignores []Ignore
	var wrong []string
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '\n' }) {
		id, reason, _ := strings.Cut(part, ":")
		id, reason = strings.TrimSpace(id), strings.TrimSpace(reason)
		switch _, known := RuleOf(id); {
		case id == "" && reason == "":
		case !known:
			wrong = append(wrong, fmt.Sprintf("%s is the id of no finding", plain(id)))
		case reason == "":
			wrong = append(wrong, fmt.Sprintf("%s is ignored without a reason", id))
		default:
			ignores = append(ignores, Ignore{ID: id, Reason: reason, By: "annotation " + IgnoreAnnotation})
		}
	}
	if len(wrong) > 0 {
		return ignores, fmt.Errorf("%s", strings.Join(wrong, ", and "))
	}
	return ignores, nil
}

// badIgnore finds an annotation that does not do what it is there for.
func badIgnore(x *subject) []Finding {
	text, set := x.service.Annotations[IgnoreAnnotation]
	if !set {
		return nil
	}
	_, err := ParseIgnores(text)
	if err == nil {
		return nil
	}
	return []Finding{{
		Field:   "metadata.annotations[" + IgnoreAnnotation + "]",
		Message: fmt.Sprintf("annotation %s has no full effect: %v", IgnoreAnnotation, err),
		Fix:     `write "ID: reason", and several as "ID: reason; ID: reason"`,
	}}
}
