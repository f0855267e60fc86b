package check

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// immutableRules compare a service with the live one that it is to replace.
func immutableRules() []Rule {
	return []Rule{{
		ID: "NP016", Severity: Error, Title: "cluster IP cannot change", find: changedClusterIP,
		Explanation: "The API server chooses a service's cluster IP when it is created, and never changes it. A manifest " +
			"need not name it. Where two manifests hold the service, the first is taken for the older one.",
	}, {
		ID: "NP020", Severity: Error, Title: "field cannot change", find: changedImmutable,
		Explanation: "The first IP family of a service, the class of a load balancer and its health check node port stay what " +
			"they are. To change them, the service has to be deleted and created anew.",
	}}
}

// changedClusterIP compares with the live service
// (k8s.io/kubernetes pkg/apis/core/validation/validation.go, validateUpgradeDowngradeClusterIPs).
func changedClusterIP(x *subject) []Finding {
	if !x.comparable() {
		return nil
	}
	before, after := x.current.Spec.ClusterIP, x.service.Spec.ClusterIP
	if before == "" || after == "" || before == after {
		return nil
	}
	return []Finding{{
		Field:   "spec.clusterIP",
		Message: fmt.Sprintf("clusterIP %s cannot be changed to %s", plain(before), plain(after)),
		Fix:     "remove spec.clusterIP, or set it to " + plain(before),
	}}
}

// comparable tells whether there is a live service whose fields bind this one:
// a change from or to ExternalName frees them.
func (x *subject) comparable() bool {
	return x.current != nil && x.current.Spec.Type != corev1.ServiceTypeExternalName &&
		x.service.Spec.Type != corev1.ServiceTypeExternalName
}

// changedImmutable mirrors validateUpgradeDowngradeIPFamilies,
// validateLoadBalancerClassField and validateServiceExternalTrafficFieldsUpdate.
// What a manifest leaves out keeps its value.
func changedImmutable(x *subject) []Finding {
	if !x.comparable() {
		return nil
	}
	before, after := &x.current.Spec, &x.service.Spec
	var findings []Finding
	if len(before.IPFamilies) > 0 && len(after.IPFamilies) > 0 && before.IPFamilies[0] != after.IPFamilies[0] &&
		before.ClusterIP != corev1.ClusterIPNone {
		findings = append(findings, Finding{
			Field: "spec.ipFamilies",
			Message: fmt.Sprintf("the first IP family cannot be changed from %s to %s",
				plain(string(before.IPFamilies[0])), plain(string(after.IPFamilies[0]))),
			Fix: fmt.Sprintf("put %s first in spec.ipFamilies, or delete the service and create it anew", before.IPFamilies[0]),
		})
	}
	balancers := before.Type == corev1.ServiceTypeLoadBalancer && after.Type == corev1.ServiceTypeLoadBalancer
	if balancers && after.LoadBalancerClass != nil && text(before.LoadBalancerClass) != *after.LoadBalancerClass {
		findings = append(findings, Finding{
			Field: "spec.loadBalancerClass",
			Message: fmt.Sprintf("loadBalancerClass cannot be changed from %q to %q",
				text(before.LoadBalancerClass), *after.LoadBalancerClass),
			Fix: "leave spec.loadBalancerClass as it is, or delete the service and create it anew",
		})
	}
	if balancers && local(x.current) && local(x.service) && before.HealthCheckNodePort != 0 &&
		after.HealthCheckNodePort != 0 && before.HealthCheckNodePort != after.HealthCheckNodePort {
		findings = append(findings, Finding{
			Field: "spec.healthCheckNodePort",
			Message: fmt.Sprintf("healthCheckNodePort cannot be changed from %d to %d",
				before.HealthCheckNodePort, after.HealthCheckNodePort),
			Fix: x.patchSpec("healthCheckNodePort", before.HealthCheckNodePort),
		})
	}
	return slices.Clip(findings)
}
