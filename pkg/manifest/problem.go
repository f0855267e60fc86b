package manifest

import (
	"errors"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/safe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Problem is one thing that is wrong with a manifest.
type Problem struct {
	// Position is where; zero when the file as such is the problem, which then
	// the message names.
	Position snapshot.Position
	// Ref is the object; zero when it is not known.
	Ref snapshot.Ref
	// Field is the field of the object, as Locate takes it; empty when the
	// problem is not one of a single field.
	Field string
	// Message says what is wrong and names the field; Hint what to do, when
	// there is something to advise.
	Message, Hint string
	// Foreign tells that a file that nobody named, found in a folder, is
	// something else than manifests, such as a Helm template or a workflow.
	Foreign bool

	cause error
	helm  bool
}

// Error writes the problem as one sentence: "FILE:LINE:COLUMN: OBJECT: what is
// wrong; what to do". What is not known is left out.
func (p *Problem) Error() string {
	var b strings.Builder
	if position := p.Position.String(); position != "" {
		b.WriteString(position + ": ")
	}
	if p.Ref.Kind != "" && p.Ref.Name != "" {
		b.WriteString(p.Ref.String() + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return safe.Text(b.String())
}

// Unwrap returns the error of the file system or network behind the problem, or nil.
func (p *Problem) Unwrap() error { return p.cause }

// Problems returns the problems that err, an error of [Read], is made of.
func Problems(err error) []*Problem {
	var problem *Problem
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var problems []*Problem
		for _, err := range joined.Unwrap() {
			problems = append(problems, Problems(err)...)
		}
		return problems
	}
	if errors.As(err, &problem) {
		return []*Problem{problem}
	}
	return nil
}
