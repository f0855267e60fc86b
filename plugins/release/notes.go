package main

import (
	"fmt"
	"strings"
)

// releaseNotes returns what the changelog says of a version, as Keep a
// Changelog has it: what is below "## [1.2.3]", which may have a date behind it.
func releaseNotes(changelog, version string) (string, error) {
	heading := "## [" + strings.TrimPrefix(version, "v") + "]"
	var notes []string
	found := false
	for line := range strings.Lines(changelog) {
		switch {
		case strings.HasPrefix(line, heading):
			found = true
		case found && (strings.HasPrefix(line, "## ") || strings.HasPrefix(line, "[")):
			return strings.TrimSpace(strings.Join(notes, "")) + "\n", nil
		case found:
			notes = append(notes, line)
		}
	}
	if !found {
		return "", fmt.Errorf("CHANGELOG.md has no heading %q: say there what is new", heading)
	}
	return strings.TrimSpace(strings.Join(notes, "")) + "\n", nil
}
