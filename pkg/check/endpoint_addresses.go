package check

import (
	"fmt"
	"net/netip"

	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// endpointAddressRule holds the addresses of a service's EndpointSlices to what
// the API server takes (k8s.io/kubernetes pkg/apis/discovery/validation and
// pkg/apis/core/validation, ValidateEndpointIP).
func endpointAddressRule() Rule {
	return Rule{
		ID: "NP025", Severity: Error, Title: "endpoint address is not valid", find: invalidEndpoints,
		Explanation: "The endpoints of an EndpointSlice are neither unspecified, nor loopback or link-local addresses: such an " +
			"address is another machine for each that uses it, and may lead a node port to itself. A multicast address is " +
			"accepted, but no pod has one. `run` sends nothing to any of them.",
	}
}

func invalidEndpoints(x *subject) []Finding {
	var findings []Finding
	for _, slice := range x.slices() {
		madeFromPods := slice.Labels[discoveryv1.LabelManagedBy] == "endpointslice-controller.k8s.io"
		if madeFromPods || slice.AddressType == discoveryv1.AddressTypeFQDN {
			continue
		}
		for i := range slice.Endpoints {
			for j, text := range slice.Endpoints[i].Addresses {
				if finding, found := invalidEndpoint(text); found {
					finding.Object = snapshot.RefOf("EndpointSlice", slice)
					finding.Field = fmt.Sprintf("endpoints[%d].addresses[%d]", i, j)
					findings = append(findings, finding)
				}
			}
		}
	}
	return findings
}

func invalidEndpoint(text string) (finding Finding, found bool) {
	if why := specialAddress(text); why != "" {
		return Finding{
			Message: fmt.Sprintf("%s cannot be the address of an endpoint: it is %s", plain(text), why),
			Fix:     "set the address at which the other nodes of the cluster reach the application",
		}, true
	}
	if NoEndpoint(text) {
		return Finding{
			Severity: Warning,
			Message:  fmt.Sprintf("%s is a multicast address, which no pod has", plain(text)),
			Fix:      "set the address of the application itself",
		}, true
	}
	return Finding{}, false
}

// NoEndpoint reports whether an IP address cannot be that of an endpoint,
// because it names no single machine, or a different one for each that uses it:
// an unspecified, loopback, link-local or multicast address. A text that is no
// IP address is none of them.
func NoEndpoint(text string) bool {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	return ip.IsUnspecified() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.Zone() != ""
}
