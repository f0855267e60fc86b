package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// addressRules hold what is written as an IP address, a range of them or a
// name to what the API server takes
// (k8s.io/kubernetes pkg/apis/core/validation/validation.go, validateService
// and ValidateServiceClusterIPsRelatedFields).
func addressRules() []Rule {
	return []Rule{{
		ID: "NP021", Severity: Error, Title: "cluster IPs are not valid", find: invalidClusterIPs,
		Explanation: "clusterIPs holds at most one address of each IP family, in the order of ipFamilies, and starts with " +
			"clusterIP. A manifest need not name any of them.",
	}, {
		ID: "NP022", Severity: Error, Title: "external name is not valid", find: invalidExternalName,
		Explanation: "A service of type ExternalName needs a DNS name in externalName, and has neither cluster IPs nor IP families.",
	}, {
		ID: "NP023", Severity: Error, Title: "address is not valid", find: invalidAddresses,
		Explanation: "externalIPs are addresses that are neither unspecified, nor loopback, link-local or multicast ones; " +
			"loadBalancerSourceRanges are ranges such as 203.0.113.0/24.",
	}}
}

func invalidClusterIPs(x *subject) []Finding {
	spec := &x.service.Spec
	if spec.Type == corev1.ServiceTypeExternalName || hasNodePortType(x.service) && spec.ClusterIP == corev1.ClusterIPNone {
		return nil // NP022 and NP014 speak of these
	}
	var findings []Finding
	wrong := func(field, message, fix string) {
		findings = append(findings, Finding{Field: "spec." + field, Message: message, Fix: fix})
	}
	if len(spec.ClusterIPs) > 0 && spec.ClusterIPs[0] != spec.ClusterIP && spec.ClusterIP != "" {
		wrong("clusterIPs", fmt.Sprintf("clusterIPs starts with %s, but clusterIP is %s", plain(spec.ClusterIPs[0]), plain(spec.ClusterIP)),
			"remove spec.clusterIPs, or make its first address that of spec.clusterIP")
	}
	ips := spec.ClusterIPs
	if len(ips) == 0 && spec.ClusterIP != "" {
		ips = []string{spec.ClusterIP}
	}
	families := map[corev1.IPFamily]bool{}
	for i, text := range ips {
		if text == corev1.ClusterIPNone && i == 0 {
			continue
		}
		family, ok := familyOf(text)
		switch {
		case !ok:
			wrong("clusterIP", plain(text)+" is no IP address, so it cannot be a cluster IP", "remove spec.clusterIP")
		case families[family]:
			wrong("clusterIPs", fmt.Sprintf("clusterIPs has two %s addresses", family), "leave one address of each IP family")
		case i < len(spec.IPFamilies) && spec.IPFamilies[i] != family:
			wrong("clusterIPs", fmt.Sprintf("cluster IP %s is not %s, as ipFamilies says", plain(text), plain(string(spec.IPFamilies[i]))),
				"give clusterIPs and ipFamilies the same order")
		}
		families[family] = ok
	}
	return findings
}

func familyOf(text string) (corev1.IPFamily, bool) {
	ip, err := netip.ParseAddr(text)
	switch {
	case err != nil || ip.Zone() != "":
		return "", false
	case ip.Is4():
		return corev1.IPv4Protocol, true
	}
	return corev1.IPv6Protocol, true
}

func invalidExternalName(x *subject) []Finding {
	spec := &x.service.Spec
	if spec.Type != corev1.ServiceTypeExternalName {
		return nil
	}
	var findings []Finding
	name := strings.TrimSuffix(spec.ExternalName, ".")
	if name == "" {
		findings = append(findings, Finding{
			Field: "spec.externalName", Message: "a service of type ExternalName needs an externalName",
			Fix: "set spec.externalName to a DNS name, or choose another spec.type",
		})
	} else if len(validation.IsDNS1123Subdomain(name)) > 0 {
		findings = append(findings, Finding{
			Field: "spec.externalName", Message: plain(name) + " is no DNS name, so it cannot be the externalName",
			Fix: "set spec.externalName to a DNS name without scheme and port",
		})
	}
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"clusterIP", spec.ClusterIP != "" || len(spec.ClusterIPs) > 0},
		{"ipFamilies", len(spec.IPFamilies) > 0},
		{"ipFamilyPolicy", spec.IPFamilyPolicy != nil},
	} {
		if field.set {
			findings = append(findings, Finding{
				Field: "spec." + field.name, Message: "a service of type ExternalName cannot have " + field.name,
				Fix: x.patchSpec(field.name, nil),
			})
		}
	}
	return findings
}

func invalidAddresses(x *subject) []Finding {
	var findings []Finding
	for i, text := range x.service.Spec.ExternalIPs {
		if finding, refused := x.looseAddress(fmt.Sprintf("spec.externalIPs[%d]", i), text); refused {
			findings = append(findings, finding)
		} else if why := specialAddress(withoutZeros(text)); why != "" {
			findings = append(findings, Finding{
				Field:   fmt.Sprintf("spec.externalIPs[%d]", i),
				Message: fmt.Sprintf("%s cannot be an external IP: it is %s", plain(text), why),
				Fix:     fmt.Sprintf("remove spec.externalIPs[%d]", i),
			})
		}
	}
	for i, text := range x.service.Spec.LoadBalancerSourceRanges {
		text = strings.TrimSpace(text)
		if finding, refused := x.looseAddress(fmt.Sprintf("spec.loadBalancerSourceRanges[%d]", i), text); refused {
			findings = append(findings, finding)
		} else if _, err := netip.ParsePrefix(withoutZeros(text)); err != nil {
			findings = append(findings, Finding{
				Field:   fmt.Sprintf("spec.loadBalancerSourceRanges[%d]", i),
				Message: plain(text) + " is no range of addresses such as 203.0.113.0/24",
				Fix:     fmt.Sprintf("correct spec.loadBalancerSourceRanges[%d]", i),
			})
		}
	}
	return findings
}

// specialAddress says why an address cannot be an external IP, nor that of an
// endpoint (ValidateEndpointIP).
func specialAddress(text string) string {
	ip, err := netip.ParseAddr(text)
	ip = ip.Unmap()
	switch {
	case err != nil:
		return "no IP address"
	case ip.IsUnspecified():
		return "the unspecified address"
	case ip.IsLoopback():
		return "a loopback address"
	case ip.IsLinkLocalUnicast(), ip.IsLinkLocalMulticast():
		return "a link-local address"
	}
	return ""
}

// metadataValues mirrors ValidateLabels and ValidateAnnotations
// (k8s.io/apimachinery pkg/api/validation/objectmeta.go).
func metadataValues(x *subject) []Finding {
	var findings []Finding
	for _, key := range sortedKeys(x.service.Labels) {
		value := x.service.Labels[key]
		field := fmt.Sprintf("metadata.labels[%s]", key)
		if len(validation.IsQualifiedName(key)) > 0 {
			findings = append(findings, Finding{
				Field: field, Message: fmt.Sprintf("%s cannot be the key of a label: %s", plain(key), qualifiedSyntax()),
				Fix: "correct the key in metadata.labels",
			})
		}
		if len(validation.IsValidLabelValue(value)) > 0 {
			findings = append(findings, Finding{
				Field: field, Message: fmt.Sprintf("%s cannot be the value of label %s: %s", plain(value), plain(key), valueSyntax(value)),
				Fix: "correct the value in metadata.labels, or make it an annotation",
			})
		}
	}
	for _, key := range sortedKeys(x.service.Annotations) {
		if len(validation.IsQualifiedName(strings.ToLower(key))) > 0 {
			findings = append(findings, Finding{
				Field:   fmt.Sprintf("metadata.annotations[%s]", key),
				Message: fmt.Sprintf("%s cannot be the key of an annotation: %s", plain(key), qualifiedSyntax()),
				Fix:     "correct the key in metadata.annotations",
			})
		}
	}
	return slices.Clip(findings)
}
