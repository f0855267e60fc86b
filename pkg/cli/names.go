package cli

import (
	"fmt"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// parseServices reads names of services, with or without "service/" in front.
// There is none, which means all, in "services" alone.
func parseServices(args []string) ([]string, error) {
	if kind, ok := snapshot.ParseKind(first(args)); ok && kind == "Service" {
		args = args[1:] // TYPE NAME, as kubectl takes it
	}
	var names []string
	for _, arg := range args {
		kind, name, found := strings.Cut(arg, "/")
		if !found {
			name = arg
		} else if k, ok := snapshot.ParseKind(kind); !ok || k != "Service" {
			return nil, fmt.Errorf("%q is not a service; give the service's name", arg)
		}
		if name == "" {
			return nil, fmt.Errorf("%q has no name", arg)
		}
		names = append(names, name)
	}
	return names, nil
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
