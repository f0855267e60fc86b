package render

import (
	"fmt"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/route"
)

// reached is where a port is reached: the ways that answer and those that do
// not, as many of each as were asked for, and how many more there are.
type reached struct {
	answering, silent         []route.Route
	moreAnswering, moreSilent int
	// reason is why those of moreSilent do not answer; empty if it differs.
	reason string
}

// reach sorts the ways to a port and keeps at most few of each kind: each node
// once for each IP family, by its best address. Zero keeps all, with all
// addresses of the nodes.
func reach(table *route.Table, service *route.Service, port *route.Port, few int) reached {
	var r reached
	for way := range table.Routes(service, port) {
		if few > 0 && !best(way) {
			continue
		}
		switch {
		case way.Answers() && (few == 0 || len(r.answering) < few):
			r.answering = append(r.answering, way)
		case way.Answers():
			r.moreAnswering++
		case few == 0 || len(r.silent) < few:
			r.silent = append(r.silent, way)
		default:
			r.skip(way)
		}
	}
	for few > 0 && len(r.answering)+len(r.silent) > few {
		r.skip(r.silent[len(r.silent)-1])
		r.silent = r.silent[:len(r.silent)-1]
	}
	return r
}

// best tells whether a way leads to the node's first address of its family.
func best(way route.Route) bool {
	for i := range way.Node.Addresses {
		address := &way.Node.Addresses[i]
		if route.FamilyOf(address.IP) == route.FamilyOf(way.Address.IP) {
			return address == way.Address
		}
	}
	return false
}

// skip counts a way that does not answer.
func (r *reached) skip(way route.Route) {
	if r.moreSilent == 0 {
		r.reason = way.Reason()
	} else if r.reason != way.Reason() {
		r.reason = ""
	}
	r.moreSilent++
}

// onlyReason is why no node at all answers, when that is the service's doing
// and the same for all of them: then it needs saying but once.
func (r *reached) onlyReason() string {
	if len(r.answering) > 0 || len(r.silent) == 0 {
		return ""
	}
	first := r.silent[0].Verdict
	if first.Action != route.Refuse && first.Action != route.Closed {
		return "" // what is dropped here may be forwarded on a node that is not shown
	}
	for _, way := range r.silent {
		if way.Verdict.Reason != first.Reason {
			return ""
		}
	}
	return first.Reason
}

// rest says what is not among the ways that were kept, such as "+97 more", and
// does not hide that some of them do not answer.
func (r *reached) rest() (more, note string) {
	if r.moreAnswering+r.moreSilent == 0 {
		return "", ""
	}
	more = fmt.Sprintf("+%d more", r.moreAnswering+r.moreSilent)
	switch {
	case r.moreSilent == 0:
		return more, ""
	case r.reason == "":
		return more, fmt.Sprintf("(%d of them do not answer)", r.moreSilent)
	}
	return more, fmt.Sprintf("(%d of them: %s)", r.moreSilent, r.reason)
}
