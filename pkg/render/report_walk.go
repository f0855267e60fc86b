package render

import (
	"fmt"
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/check"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/probe"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// walkOf returns what the network answered at a port; nil when it was not asked.
func (r *Report) walkOf(service snapshot.Ref, port *route.Port) *check.Walk {
	for i := range r.Walks {
		if walk := &r.Walks[i]; walk.Service == service && walk.Port.NodePort == port.NodePort && walk.Port.Protocol == port.Protocol {
			return walk
		}
	}
	return nil
}

// walk writes what was met from each standpoint, a line for each.
func (t *textWriter) walk(walk *check.Walk) {
	var here, api, pods []string
	last := ""
	for i := range walk.Nodes {
		hop := &walk.Nodes[i]
		name := hop.Node
		if len(here) == 0 {
			name = "node " + name
		}
		here = append(here, t.hop(name+" "+hop.Address.HostPort(walk.Port.NodePort), hop.Here, hereNote(hop)))
		if hop.API.Outcome != probe.Untried && hop.Node != last {
			if len(api) > 0 {
				name = hop.Node
			}
			api = append(api, t.hop(name, hop.API, ""))
		}
		last = hop.Node
	}
	for i := range walk.Pods {
		pods = append(pods, t.podHop(&walk.Pods[i]))
	}
	t.standpoint("from here", append(here, more(walk.MoreNodes, "node")...))
	t.standpoint("from API", api)
	if len(walk.Pods) == 0 {
		pods = t.podItems(walk.Port)
	}
	t.standpoint("pods", append(pods, more(walk.MorePods, "pod")...))
}

func more(n int, noun string) []string {
	if n == 0 {
		return nil
	}
	return []string{"and " + counted(n, noun) + " more, not tried"}
}

// standpoint writes what was met from one place, on as many lines as it takes.
func (t *textWriter) standpoint(name string, items []string) {
	const indent = 13
	if len(items) == 0 {
		return
	}
	for i, line := range wrapItems(items, t.Width-indent) {
		if i > 0 {
			name = ""
		}
		t.line(fmt.Sprintf("  %-*s%s", indent-2, name, line))
	}
}

// hop is one item of a standpoint: a sign, the hop and what was met there.
func (t *textWriter) hop(name string, met probe.Result, note string) string {
	switch met.Outcome {
	case probe.Connected:
		name = t.Glyphs.Yes + " " + name
	case probe.Untried, probe.Silent:
		name = "? " + name
	default:
		name = t.Glyphs.No + " " + name
	}
	if met.Outcome != probe.Connected {
		name += " " + outcomeText(met)
	}
	if from := met.ICMP.Offender; from.IsValid() && !strings.Contains(name, from.String()) {
		name += " by " + from.String()
	}
	if note != "" {
		name += note
	}
	return Safe(name)
}

// hereNote adds what makes an outcome plain: an answer that is an error, or
// that none was to be expected.
func hereNote(hop *check.NodeHop) string {
	answer := hop.Here.Answer
	switch {
	case hop.Here.Outcome == probe.Connected && answer.Kind == probe.Closed:
		return " closes at once"
	case hop.Here.Outcome == probe.Connected && answer.Status >= 400:
		return fmt.Sprintf(" HTTP %d", answer.Status)
	case hop.Here.Outcome == probe.Connected:
		return ""
	case hop.Problem != "":
		return ", as expected: " + hop.Problem
	case hop.Expect.Reason != "":
		return ", as expected: " + hop.Expect.Reason
	}
	return ""
}

// outcomeText is an outcome for people.
func outcomeText(r probe.Result) string {
	switch {
	case r.Outcome == probe.Unreachable:
		return icmpText(r.ICMP)
	case r.Outcome == probe.Failed && r.Error != "":
		return "failed: " + r.Error
	}
	return r.Outcome.String()
}

// icmpText names the codes that are met in practice.
func icmpText(icmp probe.ICMP) string {
	type code struct{ kind, code uint8 }
	texts := map[code]string{
		{3, 0}: "no route", {3, 1}: "host unreachable", {3, 3}: "refused", {3, 9}: "prohibited", {3, 10}: "prohibited", {3, 13}: "prohibited",
		{1, 0}: "no route", {1, 1}: "prohibited", {1, 3}: "host unreachable", {1, 4}: "refused", {1, 5}: "prohibited", {1, 6}: "prohibited",
	}
	if text, ok := texts[code{icmp.Type, icmp.Code}]; ok {
		return text
	}
	return fmt.Sprintf("unreachable (ICMP %d/%d)", icmp.Type, icmp.Code)
}

func (t *textWriter) podHop(hop *check.PodHop) string {
	name := strings.TrimSpace(hop.Pod + " " + hop.Address.String())
	if hop.Node != "" {
		name += " on " + hop.Node
	}
	if hop.API.Outcome == probe.Untried {
		return Safe(t.Glyphs.Yes + " " + name) // it is ready
	}
	note := ""
	if hop.Loopback.Outcome == probe.Connected {
		note = ", answers on its loopback"
	}
	return t.hop(name, hop.API, note)
}
