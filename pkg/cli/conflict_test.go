package cli

import (
	"errors"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// conflict is the answer to an apply of service web.
func conflict(causes ...metav1.StatusCause) error {
	err := apierrors.NewConflict(schema.GroupResource{Resource: "services"}, "web", errors.New("Apply failed"))
	err.ErrStatus.Details.Causes = causes
	return err
}

// held is a field that another manager holds.
func held(field, message string) metav1.StatusCause {
	return metav1.StatusCause{Type: metav1.CauseTypeFieldManagerConflict, Field: field, Message: message}
}

func TestExplainConflict(t *testing.T) {
	other := errors.New("other")
	plain := conflict()
	nodePort := held(`.spec.ports[port=82,protocol="TCP"].nodePort`, `conflict with "kubectl-edit" using v1`)
	selector := held(".spec.selector", "conflict with somebody")
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"another error", other, "other"},
		{"a conflict about no field", plain, plain.Error()},
		{"a field of another manager", conflict(nodePort), `service "web": fields are set otherwise: spec.ports[port=82,protocol="TCP"].nodePort by "kubectl-edit"; give --force-conflicts to take them over, or leave them out of the manifest`},
		{"two fields", conflict(nodePort, selector), `service "web": fields are set otherwise: spec.ports[port=82,protocol="TCP"].nodePort by "kubectl-edit", spec.selector by conflict with somebody; give --force-conflicts to take them over, or leave them out of the manifest`},
		{"wrapped", fmt.Errorf("apply: %w", conflict(selector)), `service "web": fields are set otherwise: spec.selector by conflict with somebody; give --force-conflicts to take them over, or leave them out of the manifest`},
	} {
		t.Run(test.name, func(t *testing.T) { checkError(t, explainConflict(test.err, "web"), test.want) })
	}
}

func TestOwnConflict(t *testing.T) {
	own, other := held(".spec.selector", `conflict with "me" using v1`), held(".spec.type", `conflict with "kubectl-edit" using v1`)
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"fields that the same manager set", conflict(own, own), true},
		{"fields of another", conflict(other), false},
		{"fields of both", conflict(own, other), false},
		{"no fields", conflict(), false},
		{"another kind of cause", conflict(metav1.StatusCause{Type: metav1.CauseTypeFieldValueInvalid}), false},
		{"another error", errors.New("other"), false},
		{"none", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := ownConflict(test.err, "me"); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
