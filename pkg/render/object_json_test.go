package render

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

func TestObjectJSONIsTheObject(t *testing.T) {
	full := tableOf(manyNodes(4, 1), web())
	for name, test := range map[string]struct {
		table  *route.Table
		single bool
	}{
		"a list":              {full, false},
		"an empty list":       {&route.Table{}, false},
		"the service itself":  {full, true},
		"none is a list, too": {&route.Table{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := ObjectJSON(&out, test.table, test.single); err != nil {
				t.Fatal(err)
			}
			object, err := Object(test.table, test.single)
			if err != nil {
				t.Fatal(err)
			}
			want, err := json.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(decoded(t, want), decoded(t, out.Bytes())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func decoded(t *testing.T, text []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return value
}
