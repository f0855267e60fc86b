package main

import (
	"strings"
	"testing"
)

func TestTheNotesOfAReleaseAreThoseOfItsVersion(t *testing.T) {
	const changelog = "# Changes\n\n## [Unreleased]\n\n- soon\n\n## [1.2.0] - 2026-01-02\n\n### Added\n\n- new\n\n## [1.1.0]\n\n- old\n\n[1.1.0]: https://example\n"
	for version, want := range map[string]string{"v1.2.0": "### Added\n\n- new\n", "v1.1.0": "- old\n"} {
		if got, err := releaseNotes(changelog, version); err != nil || got != want {
			t.Errorf("%s: %q, %v", version, got, err)
		}
	}
	if _, err := releaseNotes(changelog, "v1.2.1"); err == nil || !strings.Contains(err.Error(), `no heading "## [1.2.1]"`) {
		t.Errorf("a version without notes: %v", err)
	}
}
