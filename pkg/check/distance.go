package check

import "github.com/kubectl-nodeport/kubectl-nodeport/pkg/spelling"

// slipped tells whether two names differ by a slip of the finger: one letter in
// short ones, two in longer.
func slipped(a, b string) bool {
	allowed := 1
	if min(len(a), len(b)) > 4 {
		allowed = 2
	}
	if len(a)-len(b) > allowed || len(b)-len(a) > allowed {
		return false
	}
	return spelling.Distance(a, b) <= allowed
}
