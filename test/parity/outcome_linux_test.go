package parity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// outcome is what clients met at one node, in one family.
type outcome struct {
	// before and after are what new connections met.
	before, after []string
	// bound tells, with affinity, that each client met one endpoint alone.
	boundBefore, boundAfter bool
	// held tells by endpoint what became of connections to it when the
	// endpoints changed, and rebound, with affinity, of the clients that had it.
	held, rebound fates
}

// fates tell by endpoint what became of those who had it.
type fates map[string]string

const (
	stayed = "stayed"
	moved  = "moved"
	// drawn is moved where the endpoint that is drawn anew may be the old one.
	drawn = "some stayed, others moved"
)

func (f fates) note(had, has string) {
	fate := has
	switch {
	case has == had:
		fate = stayed
	case strings.HasPrefix(has, "host"):
		fate = moved
	}
	switch known := f[had]; {
	case known == "" || known == fate:
	case (known == drawn || known == moved || known == stayed) && (fate == moved || fate == stayed):
		fate = drawn
	default:
		fate = known + " or " + fate
	}
	f[had] = fate
}

// differ says what is otherwise in another outcome; empty if nothing is.
// allowed are the endpoints that a client may be bound to, before and after.
func (o outcome) differ(s scenario, from outcome, allowed [2][]string) string {
	switch {
	case !alike(s, o.before, from.before, allowed[0]) || o.boundBefore != from.boundBefore:
		return "before"
	case !s.Changes:
		return ""
	case !alike(s, o.after, from.after, allowed[1]) || o.boundAfter != from.boundAfter:
		return "after"
	case !o.rebound.agree(from.rebound):
		return "clients that were bound"
	case !o.held.agree(from.held) && !o.endsFlows(s):
		return "connections that were open"
	}
	return ""
}

// endsFlows tells of a difference that is meant: the engine closes the socket
// of a UDP port that refuses, and with it ends the flows that are left, which
// conntrack keeps (docs/parity.md).
func (o outcome) endsFlows(s scenario) bool {
	return s.Protocol == "UDP" && slices.Equal(o.after, []string{refused})
}

// alike compares what new connections met. With affinity each client has met
// one of the endpoints only, so that it need not be the same ones.
func alike(s scenario, a, b, allowed []string) bool {
	if !s.Affinity || len(allowed) == 0 {
		return slices.Equal(a, b)
	}
	within := func(all []string) bool {
		return !slices.ContainsFunc(all, func(one string) bool { return !slices.Contains(allowed, one) })
	}
	return within(a) && within(b)
}

// agree compares what became of those that were in both.
func (f fates) agree(other fates) bool {
	for had, fate := range f {
		there, known := other[had]
		if fate == drawn {
			fate = moved
		}
		if there == drawn {
			there = moved
		}
		if known && there != fate {
			return false
		}
	}
	return true
}

// String writes the outcome for people.
func (o outcome) String() string {
	text := "new " + strings.Join(o.before, ", ")
	if o.boundBefore {
		text += " (bound)"
	}
	if o.after != nil {
		text += "; after the change " + strings.Join(o.after, ", ")
	}
	if o.boundAfter {
		text += " (bound)"
	}
	for _, f := range []struct {
		name  string
		fates fates
	}{{"open", o.held}, {"bound", o.rebound}} {
		for _, had := range slices.Sorted(maps.Keys(f.fates)) {
			text += fmt.Sprintf("; %s to %s %s", f.name, had, f.fates[had])
		}
	}
	return text
}
