package cli

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// explainConflict names the fields of a service that other managers hold, and
// who they are. Any other error is returned as it is.
func explainConflict(err error, name string) error {
	var status apierrors.APIStatus
	if !apierrors.IsConflict(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return err
	}
	var conflicts []string
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			conflicts = append(conflicts, fmt.Sprintf("%s by %s",
				strings.TrimPrefix(cause.Field, "."), manager(cause.Message)))
		}
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
