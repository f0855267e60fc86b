package cli

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/local"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
)

// parseBackends reads NAME=HOST:PORT,… of each --backend.
func parseBackends(words []string) ([]local.Backend, error) {
	var backends []local.Backend
	for _, word := range words {
		name, list, found := strings.Cut(word, "=")
		if !found || name == "" || list == "" {
			return nil, fmt.Errorf("--backend %q is not NAME=HOST:PORT", word)
		}
		if slices.ContainsFunc(backends, func(b local.Backend) bool { return b.Name == name }) {
			return nil, fmt.Errorf("--backend names %q twice; give all its addresses at once, with commas", name)
		}
		backend := local.Backend{Name: name}
		for text := range strings.SplitSeq(list, ",") {
			address, err := parseAddress(text)
			if err != nil {
				return nil, fmt.Errorf("--backend %s: %w", name, err)
			}
			backend.Addresses = append(backend.Addresses, address)
		}
		backends = append(backends, backend)
	}
	return backends, nil
}

// parseAddress reads HOST:PORT, or a port of this machine.
func parseAddress(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = "127.0.0.1", text
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return "", fmt.Errorf("%q is not HOST:PORT", text)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// parseCommands reads NAME=COMMAND of each --exec.
func parseCommands(words []string, backends []local.Backend) ([]local.Command, error) {
	var commands []local.Command
	for _, word := range words {
		name, line, found := strings.Cut(word, "=")
		switch {
		case !found || name == "" || strings.TrimSpace(line) == "":
			return nil, fmt.Errorf("--exec %q is not NAME=COMMAND", word)
		case slices.ContainsFunc(commands, func(c local.Command) bool { return c.Name == name }):
			return nil, fmt.Errorf("--exec names %q twice", name)
		case slices.ContainsFunc(backends, func(b local.Backend) bool { return b.Name == name }):
			return nil, fmt.Errorf("give --backend or --exec for %q, not both", name)
		}
		commands = append(commands, local.Command{Name: name, Line: line})
	}
	return commands, nil
}

// knowsPods is an error when --backend or --exec names what the manifests do
// not have.
func (o *runOptions) knowsPods(set *manifest.Set) error {
	s, _ := set.Snapshot(manifest.Defaults{Namespace: o.namespace})
	var known []string
	for _, pod := range s.Pods {
		name := pod.Name
		if owner, ok := s.OwnerOf(pod); ok {
			known = append(known, pod.Name)
			name = owner.Name
		}
		known = append(known, name)
	}
	var errs []error
	for _, name := range o.named() {
		if !slices.Contains(known, name) {
			slices.Sort(known)
			errs = append(errs, fmt.Errorf("the manifests hold no pod or workload named %q; there are: %s", name, strings.Join(slices.Compact(known), ", ")))
		}
	}
	return errors.Join(errs...)
}

// named are the names of --backend and --exec.
func (o *runOptions) named() []string {
	var names []string
	for _, b := range o.machine.Backends {
		names = append(names, b.Name)
	}
	for _, c := range o.machine.Commands {
		names = append(names, c.Name)
	}
	return names
}
