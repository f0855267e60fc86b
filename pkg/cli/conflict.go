package cli

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ownConflict tells that the only manager in the way is the one who applies:
// fields that create has set are its own, if by another operation.
func ownConflict(err error, own string) bool {
	conflicts := fieldConflicts(err)
	for _, cause := range conflicts {
		if manager(cause.Message) != strconv.Quote(own) {
			return false
		}
	}
	return len(conflicts) > 0
}

// fieldConflicts are the fields that other managers hold; none of any other error.
func fieldConflicts(err error) []metav1.StatusCause {
	var status apierrors.APIStatus
	if !apierrors.IsConflict(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(status.Status().Details.Causes), func(cause metav1.StatusCause) bool {
		return cause.Type != metav1.CauseTypeFieldManagerConflict
	})
}

// explainConflict names the fields of a service that other managers hold, and
// who they are. Any other error is returned as it is.
func explainConflict(err error, name string) error {
	var conflicts []string
	for _, cause := range fieldConflicts(err) {
		conflicts = append(conflicts, fmt.Sprintf("%s by %s", strings.TrimPrefix(cause.Field, "."), manager(cause.Message)))
	}
	if len(conflicts) == 0 {
		return err
	}
	return fmt.Errorf("service %q: fields are set otherwise: %s; give --force-conflicts to take them over, or leave them out of the manifest",
		name, strings.Join(conflicts, ", "))
}

// manager reads the other manager's name in the API server's message, such as
// `conflict with "kubectl-edit" using v1` (sigs.k8s.io/structured-merge-diff
// merge/conflict.go).
func manager(message string) string {
	if found := regexp.MustCompile(`conflict with ("[^"]*")`).FindStringSubmatch(message); found != nil {
		return found[1]
	}
	return message
}
