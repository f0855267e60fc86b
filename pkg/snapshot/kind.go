package snapshot

import (
	"slices"
	"strings"
)

// kindNames are the words by which kubectl's users name the kinds that a
// snapshot holds: the kind first, then its resource and its short names.
func kindNames() [][]string {
	return [][]string{
		{"Pod", "pods", "po"},
		{"Deployment", "deployments", "deploy"},
		{"StatefulSet", "statefulsets", "sts"},
		{"DaemonSet", "daemonsets", "ds"},
		{"ReplicaSet", "replicasets", "rs"},
		{"ReplicationController", "replicationcontrollers", "rc"},
		{"Job", "jobs"},
		{"Service", "services", "svc"},
		{"Node", "nodes", "no"},
	}
}

// ParseKind returns the kind that a user means by a word such as "deploy",
// "deployments" or "deployments.apps"; ok is false for a kind that no snapshot
// holds. Case does not matter.
func ParseKind(word string) (kind string, ok bool) {
	resource, _, _ := strings.Cut(strings.ToLower(word), ".")
	for _, names := range kindNames() {
		if resource == strings.ToLower(names[0]) || slices.Contains(names[1:], resource) {
			return names[0], true
		}
	}
	return "", false
}
