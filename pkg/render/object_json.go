package render

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// ObjectJSON writes what Object returns, service by service: a list of every address
// of every node for every service is too large to be held at once.
func ObjectJSON(w io.Writer, table *route.Table, single bool) error {
	out := bufio.NewWriter(EscapeJSON(w))
	if single && len(table.Services) == 1 {
		if err := writeJSON(out, newServiceObject(table, &table.Services[0]), ""); err != nil {
			return err
		}
		_, _ = out.WriteString("\n") // the error stays until Flush
		return out.Flush()
	}
	_, _ = fmt.Fprintf(out, "{\n    \"apiVersion\": %q,\n    \"kind\": %q,\n    \"items\": [", APIVersion, listKind)
	for i := range table.Services {
		separator := ",\n        "
		if i == 0 {
			separator = "\n        "
		}
		_, _ = out.WriteString(separator)
		if err := writeJSON(out, newServiceObject(table, &table.Services[i]), "        "); err != nil {
			return err
		}
	}
	if len(table.Services) > 0 {
		_, _ = out.WriteString("\n    ")
	}
	_, _ = out.WriteString("]\n}\n")
	return out.Flush()
}

func writeJSON(w io.Writer, object any, prefix string) error {
	text, err := json.MarshalIndent(object, prefix, "    ")
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
