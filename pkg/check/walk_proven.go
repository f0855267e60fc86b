package check

import "slices"

// proven joins what objects say and what the network answered. A cause that the
// network has shown takes the place of a warning that it may be one, and what
// objects show to be the cause is not told again as what follows from it.
func proven(said, shown []Finding, walks []Walk) []Finding {
	if at := indexOf(shown, "NP306"); at >= 0 {
		if suspected := indexOf(said, "NP216"); suspected >= 0 {
			shown[at].Object, shown[at].Fix = said[suspected].Object, said[suspected].Fix
		}
	}
	if indexOf(shown, "NP306") >= 0 || indexOf(shown, "NP307") >= 0 {
		said = slices.DeleteFunc(said, func(f Finding) bool { return f.ID == "NP215" || f.ID == "NP216" })
	}
	at := indexOf(said, "NP241")
	switch {
	case at >= 0 && len(walks) > 0 && !slices.ContainsFunc(walks, func(w Walk) bool { return !w.answers() }):
		said[at].Severity = Warning
		said[at].Message += "; connections from here get through all the same, so the pod network does not enforce the policy, or admits the nodes"
	case at >= 0:
		// The API server may be let in, or still have a connection from before.
		shown = slices.DeleteFunc(shown, func(f Finding) bool { return f.ID == "NP301" || f.ID == "NP302" || f.ID == "NP308" })
	}
	return append(said, shown...)
}

func indexOf(findings []Finding, id string) int {
	return slices.IndexFunc(findings, func(f Finding) bool { return f.ID == id })
}

// answers tells whether all nodes that should answer do so.
func (w *Walk) answers() bool {
	one := false
	for i := range w.Nodes {
		hop := &w.Nodes[i]
		if expectationOf(hop) != toAnswer {
			continue
		}
		if met := signOf(hop.Here, hop.Address); met != answered && met != slow {
			return false
		}
		one = true
	}
	return one
}
