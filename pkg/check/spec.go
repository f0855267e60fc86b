package check

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// specRules hold the other fields to the values that the API server takes
// (k8s.io/kubernetes pkg/apis/core/validation/validation.go).
func specRules() []Rule {
	return []Rule{{
		ID: "NP017", Severity: Error, Title: "session affinity is not valid", find: invalidAffinity,
		Explanation: "Session affinity is None or ClientIP. With ClientIP a client keeps its pod until it was silent for " +
			"timeoutSeconds, from 1 to 86400; 10800 unless set.",
	}, {
		ID: "NP018", Severity: Error, Title: "traffic policy is not valid", find: invalidPolicy,
		Explanation: "External and internal traffic policy are Cluster or Local, and only a service that can be reached " +
			"from outside has an external one. The traffic distribution is PreferSameZone, PreferSameNode or PreferClose.",
	}, {
		ID: "NP019", Severity: Error, Title: "IP families are not valid", find: invalidFamilies,
		Explanation: "A service has one or two different IP families, IPv4 and IPv6, and a policy of SingleStack, " +
			"PreferDualStack or RequireDualStack.",
	}}
}

// invalidAffinity mirrors validateClientIPAffinityConfig and validateAffinityTimeout.
func invalidAffinity(x *subject) []Finding {
	switch x.service.Spec.SessionAffinity {
	case "", corev1.ServiceAffinityNone:
		return x.affinityConfigAlone()
	case corev1.ServiceAffinityClientIP:
		return x.affinityTimeout()
	}
	return []Finding{unsupported("sessionAffinity", x.service.Spec.SessionAffinity,
		corev1.ServiceAffinityNone, corev1.ServiceAffinityClientIP)}
}

func (x *subject) affinityConfigAlone() []Finding {
	if x.service.Spec.SessionAffinityConfig == nil {
		return nil
	}
	return []Finding{{
		Field:   "spec.sessionAffinityConfig",
		Message: "sessionAffinityConfig is only for session affinity ClientIP, and this one is None",
		Fix:     x.patchSpec("sessionAffinityConfig", nil),
	}}
}

func (x *subject) affinityTimeout() []Finding {
	config := x.service.Spec.SessionAffinityConfig
	if config == nil || config.ClientIP == nil || config.ClientIP.TimeoutSeconds == nil {
		return nil
	}
	const longest = 86400
	seconds := *config.ClientIP.TimeoutSeconds
	if 0 < seconds && seconds <= longest {
		return nil
	}
	return []Finding{{
		Field:   "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
		Message: fmt.Sprintf("session affinity timeout of %d seconds is not from 1 to %d", seconds, longest),
		Fix:     fmt.Sprintf("set spec.sessionAffinityConfig.clientIP.timeoutSeconds to a number from 1 to %d", longest),
	}}
}

// invalidPolicy mirrors validateServiceExternalTrafficPolicy,
// validateServiceInternalTrafficFieldsValue and validateServiceTrafficDistribution.
func invalidPolicy(x *subject) []Finding {
	spec := &x.service.Spec
	var findings []Finding
	if policy := spec.ExternalTrafficPolicy; policy != "" {
		outside := hasNodePortType(x.service) || spec.Type == corev1.ServiceTypeClusterIP && len(spec.ExternalIPs) > 0
		if !outside && validType(x.service) {
			findings = append(findings, Finding{
				Field:   "spec.externalTrafficPolicy",
				Message: fmt.Sprintf("externalTrafficPolicy is for services that are reached from outside, and a %s is not", spec.Type),
				Fix:     x.patchSpec("externalTrafficPolicy", nil),
			})
		} else if policy != corev1.ServiceExternalTrafficPolicyCluster && policy != corev1.ServiceExternalTrafficPolicyLocal {
			findings = append(findings, unsupported("externalTrafficPolicy", policy,
				corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal))
		}
	}
	if policy := spec.InternalTrafficPolicy; policy != nil &&
		*policy != corev1.ServiceInternalTrafficPolicyCluster && *policy != corev1.ServiceInternalTrafficPolicyLocal {
		findings = append(findings, unsupported("internalTrafficPolicy", *policy,
			corev1.ServiceInternalTrafficPolicyCluster, corev1.ServiceInternalTrafficPolicyLocal))
	}
	if distribution := spec.TrafficDistribution; distribution != nil {
		if finding, refused := x.unsupportedDistribution(*distribution); refused {
			findings = append(findings, finding)
		}
	}
	return findings
}

// invalidFamilies mirrors the first part of ValidateServiceClusterIPsRelatedFields.
func invalidFamilies(x *subject) []Finding {
	if x.service.Spec.Type == corev1.ServiceTypeExternalName {
		return nil
	}
	var findings []Finding
	families := x.service.Spec.IPFamilies
	for i, family := range families {
		field := fmt.Sprintf("ipFamilies[%d]", i)
		if family != corev1.IPv4Protocol && family != corev1.IPv6Protocol {
			findings = append(findings, unsupported(field, family, corev1.IPv4Protocol, corev1.IPv6Protocol))
		} else if slices.Contains(families[:i], family) {
			findings = append(findings, Finding{
				Field:   "spec." + field,
				Message: fmt.Sprintf("IP family %s is listed twice", family),
				Fix:     "remove spec." + field,
			})
		}
	}
	policies := []corev1.IPFamilyPolicy{corev1.IPFamilyPolicySingleStack,
		corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack}
	if policy := x.service.Spec.IPFamilyPolicy; policy != nil && !slices.Contains(policies, *policy) {
		findings = append(findings, unsupported("ipFamilyPolicy", *policy, policies...))
	}
	return append(findings, x.singleStackOfTwo()...)
}

// singleStackOfTwo mirrors how the allocator reads the policy, which is
// SingleStack unless it, or the live service, says otherwise
// (k8s.io/kubernetes pkg/registry/core/service/storage/alloc.go, initIPFamilyFields).
func (x *subject) singleStackOfTwo() []Finding {
	policy, what := x.service.Spec.IPFamilyPolicy, "two IP families"
	families := x.service.Spec.IPFamilies
	if x.current != nil || len(families) == 2 && families[0] == families[1] || len(families) < 2 && len(x.service.Spec.ClusterIPs) < 2 ||
		policy != nil && *policy != corev1.IPFamilyPolicySingleStack {
		return nil
	}
	if len(families) < 2 {
		what = "two cluster IPs"
	}
	unless := ""
	if policy == nil {
		unless = ", which it is unless set,"
	}
	return []Finding{{
		Field:   "spec.ipFamilyPolicy",
		Message: fmt.Sprintf("the service names %s, which the IP family policy SingleStack%s does not allow", what, unless),
		Fix:     x.patchSpec("ipFamilyPolicy", corev1.IPFamilyPolicyPreferDualStack),
	}}
}

// unsupported says that a field has none of the values that it can have.
func unsupported[T ~string](field string, value T, supported ...T) Finding {
	names := make([]string, len(supported))
	for i, name := range supported {
		names[i] = string(name)
	}
	last := len(names) - 1
	choice := strings.Join(names[:last], ", ") + " or " + names[last]
	return Finding{
		Field:   "spec." + field,
		Message: fmt.Sprintf("%s cannot be %s: it must be %s", field, plain(string(value)), choice),
		Fix:     fmt.Sprintf("set spec.%s to %s", field, choice),
	}
}
