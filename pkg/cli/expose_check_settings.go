package cli

import (
	"fmt"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/render"
)

// setting chooses between what a flag and what the configuration says, and
// notes which it is. Of a file that was found only what weakens nothing is taken.
func (o *exposeCheckOptions) setting(name, flag, typed, written string, c *config) string {
	if typed != "" {
		o.taken = append(o.taken, render.Setting{Name: name, Value: typed, From: flag})
		return typed
	}
	if written == "" {
		return ""
	}
	taken := render.Setting{Name: name, Value: written, From: c.path}
	if !c.named && weakens(name, written) {
		taken.Refused = fmt.Sprintf("it would weaken the check; give %s=%s, or name the file with --config", flag, written)
		written = ""
	}
	o.taken = append(o.taken, taken)
	return written
}

// weakens reports whether a setting finds less than the default does. One that
// is malformed does not, and is an error later.
func weakens(name, value string) bool {
	if name == "failOn" {
		severity, err := parseFailOn(value)
		return err == nil && severity == 0
	}
	r, err := nodeport.ParseRange(value)
	usual := nodeport.Default()
	return err == nil && (r.First < usual.First || r.Last > usual.Last)
}

// ignoreSettings are the findings that the configuration ignores. In a file that
// was found they count only for findings that do not fail the check.
func (c *config) ignoreSettings(failOn check.Severity) []render.Setting {
	var settings []render.Setting
	for _, ignore := range c.Ignore {
		setting := render.Setting{Name: "ignore", Value: ignore.ID, From: c.path}
		if rule, _ := check.RuleOf(ignore.ID); !c.named && failOn != 0 && rule.Severity >= failOn {
			setting.Refused = fmt.Sprintf("findings that fail the check are ignored by --ignore %s, or by a file that --config names", ignore.ID)
		}
		settings = append(settings, setting)
	}
	return settings
}

// tellSettings says which settings of a file are taken, and which are not.
func (o *exposeCheckOptions) tellSettings() {
	for _, setting := range o.taken {
		if setting.Refused != "" {
			o.say("note: %s: %s: %s is not taken: %s", render.Safe(setting.From), setting.Name, render.Safe(setting.Value), render.Safe(setting.Refused))
		}
	}
}
