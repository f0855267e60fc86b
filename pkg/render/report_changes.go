package render

import (
	"strings"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Changes compares two reports of the same services, one after the other, as
// people read them. It returns the services that read otherwise in the later
// one, and those that are gone from it, in the reports' order.
func Changes(before, now *Report, o TextOptions) (changed, gone []snapshot.Ref) {
	old, current := texts(before, o), texts(now, o)
	for _, part := range now.parts() {
		if text, known := old[part.service]; !known || text != current[part.service] {
			changed = append(changed, part.service)
		}
	}
	for _, part := range before.parts() {
		if _, stays := current[part.service]; !stays {
			gone = append(gone, part.service)
		}
	}
	return changed, gone
}

// texts are the parts of a report as people read them.
func texts(r *Report, o TextOptions) map[snapshot.Ref]string {
	o.Healthy, o.Color = true, false
	texts := map[snapshot.Ref]string{}
	for _, part := range r.parts() {
		var b strings.Builder
		t := &textWriter{w: &b, TextOptions: o, report: r}
		t.part(part)
		texts[part.service] = b.String()
	}
	return texts
}
