package cli

import (
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// placedError is an error about an object of a file.
type placedError struct {
	at  snapshot.Position
	err error
}

func (e *placedError) Error() string { return e.at.String() + ": " + e.err.Error() }
func (e *placedError) Unwrap() error { return e.err }

// placed says where the object stands that an error is about. Without a file,
// or an error, it returns err as it is.
func placed(err error, at snapshot.Position) error {
	if err == nil || at == (snapshot.Position{}) {
		return err
	}
	return &placedError{at, err}
}

// refusedField is the field that the API server refuses, if it names one.
func refusedField(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil && len(status.Status().Details.Causes) > 0 {
		return strings.TrimPrefix(status.Status().Details.Causes[0].Field, ".")
	}
	return ""
}
