package author

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// ParseExternalTrafficPolicy reads "Cluster" or "Local", in any case.
func ParseExternalTrafficPolicy(s string) (corev1.ServiceExternalTrafficPolicy, error) {
	return parseWord("external traffic policy", s,
		corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal)
}

// ParseInternalTrafficPolicy reads "Cluster" or "Local", in any case.
func ParseInternalTrafficPolicy(s string) (corev1.ServiceInternalTrafficPolicy, error) {
	return parseWord("internal traffic policy", s,
		corev1.ServiceInternalTrafficPolicyCluster, corev1.ServiceInternalTrafficPolicyLocal)
}

// ParseSessionAffinity reads "None" or "ClientIP", in any case.
func ParseSessionAffinity(s string) (corev1.ServiceAffinity, error) {
	return parseWord("session affinity", s, corev1.ServiceAffinityNone, corev1.ServiceAffinityClientIP)
}

// ParseIPFamily reads "IPv4" or "IPv6", in any case.
func ParseIPFamily(s string) (corev1.IPFamily, error) {
	return parseWord("IP family", s, corev1.IPv4Protocol, corev1.IPv6Protocol)
}

// ParseIPFamilyPolicy reads "SingleStack", "PreferDualStack" or
// "RequireDualStack", in any case.
func ParseIPFamilyPolicy(s string) (corev1.IPFamilyPolicy, error) {
	return parseWord("IP family policy", s, corev1.IPFamilyPolicySingleStack,
		corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack)
}

// parseWord finds the word that s is, whatever its case. The error names all
// words, and the one most likely meant.
func parseWord[T ~string](what, s string, words ...T) (T, error) {
	list := make([]string, len(words))
	nearest, least := "", 3
	for i, word := range words {
		if strings.EqualFold(s, string(word)) {
			return word, nil
		}
		list[i] = fmt.Sprintf("%q", word)
		if d := distance(strings.ToLower(s), strings.ToLower(string(word))); d < least {
			nearest, least = string(word), d
		}
	}
	all := strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
	if nearest != "" {
		return "", fmt.Errorf("%s %q is not %s; did you mean %q?", what, s, all, nearest)
	}
	return "", fmt.Errorf("%s %q is not %s", what, s, all)
}

// distance is the least number of letters to insert, delete or replace that
// makes b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
