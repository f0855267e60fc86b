package manifest

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// mirror turns the Endpoints of a service without a selector into slices, as
// the endpointslicemirroring controller does; none when there are none.
// (k8s.io/kubernetes pkg/controller/endpointslicemirroring/reconciler.go)
func (b *builder) mirror(service *corev1.Service) []*discoveryv1.EndpointSlice {
	var slices []*discoveryv1.EndpointSlice
	for _, endpoints := range b.endpoints {
		skipped := endpoints.Labels[discoveryv1.LabelSkipMirror] == "true"
		if skipped || endpoints.Namespace != service.Namespace || endpoints.Name != service.Name {
			continue
		}
		for _, subset := range endpoints.Subsets {
			for _, family := range []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol} {
				if slice := mirrorSubset(service, family, subset); len(slice.Endpoints) > 0 {
					slices = append(slices, slice)
				}
			}
		}
	}
	return slices
}

func mirrorSubset(service *corev1.Service, family corev1.IPFamily, subset corev1.EndpointSubset) *discoveryv1.EndpointSlice { //nolint:staticcheck // Endpoints are still mirrored
	slice := newSlice(service, family, nil)
	slice.Labels[discoveryv1.LabelManagedBy] = "endpointslicemirroring-controller.k8s.io"
	for _, port := range subset.Ports {
		protocol := port.Protocol
		if protocol == "" {
			protocol = corev1.ProtocolTCP
		}
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{
			Name: new(port.Name), Port: new(port.Port), Protocol: new(protocol), AppProtocol: port.AppProtocol,
		})
	}
	for _, address := range subset.Addresses {
		slice.Endpoints = append(slice.Endpoints, mirrorAddress(address, family, true)...)
	}
	for _, address := range subset.NotReadyAddresses {
		slice.Endpoints = append(slice.Endpoints, mirrorAddress(address, family, false)...)
	}
	return slice
}

func mirrorAddress(address corev1.EndpointAddress, family corev1.IPFamily, ready bool) []discoveryv1.Endpoint {
	ip, err := netip.ParseAddr(address.IP)
	if err != nil || familyOf(ip) != family {
		return nil
	}
	return []discoveryv1.Endpoint{{
		Addresses:  []string{ip.String()},
		Conditions: discoveryv1.EndpointConditions{Ready: new(ready)},
		NodeName:   address.NodeName,
		TargetRef:  address.TargetRef,
	}}
}
