package check

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
)

// without names the API server if its version is known not to have a feature by
// default: "Kubernetes 1.33", or "Kubernetes 1.34 without feature gate NAME".
func (c *checker) without(feature kubernetes.Feature) (name string, missing bool) {
	switch feature.In(c.Kubernetes) {
	case kubernetes.Absent:
		return "Kubernetes " + c.Kubernetes.String(), true
	case kubernetes.Off:
		return fmt.Sprintf("Kubernetes %s without feature gate %s", c.Kubernetes, feature), true
	}
	return "", false
}

// unsupportedDistribution returns the finding for a trafficDistribution that the
// API server refuses (validateServiceTrafficDistribution). Versions that ignore
// the field do not look at its value.
func (c *checker) unsupportedDistribution(value string) (Finding, bool) {
	if kubernetes.TrafficDistribution.Missing(c.Kubernetes) {
		return Finding{}, false
	}
	switch value {
	case corev1.ServiceTrafficDistributionPreferClose:
		return Finding{}, false
	case corev1.ServiceTrafficDistributionPreferSameZone, corev1.ServiceTrafficDistributionPreferSameNode:
		server, missing := c.without(kubernetes.PreferSame)
		return Finding{
			Field:   "spec.trafficDistribution",
			Message: fmt.Sprintf("trafficDistribution cannot be %s in %s: it must be PreferClose", value, server),
			Fix:     "set spec.trafficDistribution to PreferClose",
		}, missing
	}
	if kubernetes.PreferSame.Missing(c.Kubernetes) {
		return Finding{
			Field:   "spec.trafficDistribution",
			Message: fmt.Sprintf("trafficDistribution cannot be %s: it must be PreferClose", plain(value)),
			Fix:     "set spec.trafficDistribution to PreferClose",
		}, true
	}
	return unsupported("trafficDistribution", value, corev1.ServiceTrafficDistributionPreferSameZone,
		corev1.ServiceTrafficDistributionPreferSameNode, corev1.ServiceTrafficDistributionPreferClose), true
}

// looseAddress returns the finding for an address, or a range of them, that API
// servers refuse since StrictIPCIDRValidation, and took before
// (k8s.io/apimachinery pkg/util/validation/ip.go).
func (c *checker) looseAddress(field, text string) (finding Finding, refused bool) {
	what := looseness(text)
	if what == "" || kubernetes.StrictAddresses.Missing(c.Kubernetes) {
		return Finding{}, false
	}
	finding = Finding{
		Field:   field,
		Message: fmt.Sprintf("%s has %s", plain(text), what),
		Fix:     "write " + field + " in its normal form",
	}
	if c.Kubernetes == 0 {
		finding.Severity = Warning
		finding.Message += ", which Kubernetes refuses since 1.36"
	}
	return finding, true
}

// looseness returns what keeps an address or a range from its normal form; it is
// empty for one that is in normal form, or none at all.
func looseness(text string) string {
	if text != withoutZeros(text) {
		return "leading zeros"
	}
	address, _, isRange := strings.Cut(text, "/")
	if ip, err := netip.ParseAddr(address); err == nil && ip.Is4In6() {
		return "an IPv4 address in IPv6 notation"
	}
	if r, err := netip.ParsePrefix(text); isRange && err == nil && r != r.Masked() {
		return "bits beyond its prefix"
	}
	return ""
}

// withoutZeros removes leading zeros from the parts of an IPv4 address, or of
// that of a range; other text it returns as it is.
func withoutZeros(text string) string {
	address, prefix, isRange := strings.Cut(text, "/")
	parts := strings.Split(address, ".")
	for i, part := range parts {
		parts[i] = cmp.Or(strings.TrimLeft(part, "0"), "0")
	}
	ip, err := netip.ParseAddr(strings.Join(parts, "."))
	switch {
	case err != nil || !ip.Is4():
		return text
	case isRange:
		return ip.String() + "/" + prefix
	}
	return ip.String()
}

// refusedKubeletPort returns the finding for the kubelet's port, which older API
// servers refuse in services that load balancers open to the world.
func refusedKubeletPort(x *subject, i int, port *corev1.ServicePort) []Finding {
	const kubelet = 10250
	server, missing := x.without(kubernetes.KubeletPort)
	if !missing || port.Port != kubelet || x.service.Spec.Type != corev1.ServiceTypeLoadBalancer {
		return nil
	}
	return []Finding{{
		Field:   portField(i, "port"),
		Message: fmt.Sprintf("port %d is the kubelet's: %s refuses it in a service of type LoadBalancer", kubelet, server),
		Fix:     "choose another " + portField(i, "port"),
	}}
}
