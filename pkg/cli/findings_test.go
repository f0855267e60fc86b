package cli

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func TestOnlyGapsOfPermissionsAreCalledSo(t *testing.T) {
	forbidden := func(resource string) snapshot.Gap {
		return snapshot.Gap{Resource: resource, Err: apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", nil)}
	}
	operator := snapshot.Gap{Resource: snapshot.UnknownPods, Err: errors.New("a Rollout may make pods \x1b[2J")}
	f, said := testFactory()
	f.tellUnchecked(&snapshot.Snapshot{Gaps: []snapshot.Gap{forbidden("services"), operator, forbidden("nodes"), forbidden("nodes"), operator}})
	want := `note: checked without what you may not list: nodes, services of all namespaces
note: not all could be checked: a Rollout may make pods \u001b[2J
`
	if diff := cmp.Diff(want, said.String()); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
	said.Reset()
	f.tellUnchecked(&snapshot.Snapshot{})
	if said.Len() > 0 {
		t.Errorf("said %q", said)
	}
}
