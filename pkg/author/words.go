package author

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/spelling"
)

// ParseExternalTrafficPolicy parses "Cluster" or "Local", in any case.
func ParseExternalTrafficPolicy(s string) (corev1.ServiceExternalTrafficPolicy, error) {
	return parseWord("external traffic policy", s,
		corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal)
}

// ParseInternalTrafficPolicy parses "Cluster" or "Local", in any case.
func ParseInternalTrafficPolicy(s string) (corev1.ServiceInternalTrafficPolicy, error) {
	return parseWord("internal traffic policy", s,
		corev1.ServiceInternalTrafficPolicyCluster, corev1.ServiceInternalTrafficPolicyLocal)
}

// ParseSessionAffinity parses "None" or "ClientIP", in any case.
func ParseSessionAffinity(s string) (corev1.ServiceAffinity, error) {
	return parseWord("session affinity", s, corev1.ServiceAffinityNone, corev1.ServiceAffinityClientIP)
}

// ParseIPFamily parses "IPv4" or "IPv6", in any case.
func ParseIPFamily(s string) (corev1.IPFamily, error) {
	return parseWord("IP family", s, corev1.IPv4Protocol, corev1.IPv6Protocol)
}

// ParseIPFamilyPolicy parses "SingleStack", "PreferDualStack" or
// "RequireDualStack", in any case.
func ParseIPFamilyPolicy(s string) (corev1.IPFamilyPolicy, error) {
	return parseWord("IP family policy", s, corev1.IPFamilyPolicySingleStack,
		corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack)
}

// parseWord returns the word that equals s, ignoring case. The error lists all
// words, and suggests the nearest one.
func parseWord[T ~string](what, s string, words ...T) (T, error) {
	var names, quoted []string
	for _, word := range words {
		if strings.EqualFold(s, string(word)) {
			return word, nil
		}
		names = append(names, string(word))
		quoted = append(quoted, fmt.Sprintf("%q", word))
	}
	all := strings.Join(quoted[:len(quoted)-1], ", ") + " or " + quoted[len(quoted)-1]
	if nearest := spelling.Nearest(s, names); nearest != "" {
		return "", fmt.Errorf("%s %q is not %s; did you mean %q?", what, s, all, nearest)
	}
	return "", fmt.Errorf("%s %q is not %s", what, s, all)
}
