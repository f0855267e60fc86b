package check

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// sliceRules look at services without a selector, whose EndpointSlices
// somebody else makes. Those that the control plane makes always fit.
func sliceRules() []Rule {
	return []Rule{{
		ID: "NP231", Severity: Warning, Title: "service has neither selector nor endpoints", find: noSlices,
		Explanation: "Without a selector Kubernetes makes no endpoints. Somebody has to write an EndpointSlice with the " +
			"label kubernetes.io/service-name; until then nodes refuse the connection.",
	}, {
		ID: "NP232", Severity: Error, Title: "endpoint slice names the port differently", find: perPort(slicePortName),
		Explanation: "The ports of a service and of its EndpointSlices are matched by name and protocol, not by number. A " +
			"port without a name matches only one without a name.",
	}, {
		ID: "NP233", Severity: Error, Title: "endpoint slice has another protocol", find: perPort(sliceProtocol),
		Explanation: "The ports of a service and of its EndpointSlices are matched by name and protocol. A slice's port is " +
			"TCP unless it says otherwise.",
	}, {
		ID: "NP234", Severity: Error, Title: "endpoint slice has no usable endpoint", find: noUsableEndpoint,
		Explanation: "Only endpoints that are ready get traffic. An endpoint is ready unless its conditions say otherwise.",
	}, {
		ID: "NP235", Severity: Warning, Title: "ready pods are in no endpoint slice", find: notInSlices,
		Explanation: "The control plane writes the pods of a service into EndpointSlices, which kube-proxy follows. It lags " +
			"behind, or does not run, or the node of a pod is no longer there.",
	}, {
		ID: "NP236", Severity: Error, Title: "service has no usable endpoint", find: noEndpoints,
		Explanation: "Reported where pods may not be read: the EndpointSlices tell that no pod is ready, or that the selector " +
			"matches none, but not why.",
	}}
}

func selectorless(x *subject) bool {
	return len(x.service.Spec.Selector) == 0 && x.service.Spec.Type != corev1.ServiceTypeExternalName
}

func (x *subject) slices() []*discoveryv1.EndpointSlice {
	return x.SlicesOf(x.ref.Namespace, x.ref.Name)
}

func noSlices(x *subject) []Finding {
	if !selectorless(x) || !x.Knows("endpointslices") || len(x.slices()) > 0 {
		return nil
	}
	finding := Finding{
		Field:   "spec.selector",
		Message: "the service has no selector, and there is no EndpointSlice for it, so it has no endpoints",
		Fix:     "set spec.selector to the labels of the pods, or create an EndpointSlice with the label " + discoveryv1.LabelServiceName,
	}
	if near := x.strayslice(); near != nil {
		finding.Severity = Error
		finding.Message = fmt.Sprintf("the service has no selector, and EndpointSlice %s is not for it: label %s is %q",
			plain(near.Name), discoveryv1.LabelServiceName, near.Labels[discoveryv1.LabelServiceName])
		finding.Fix = fmt.Sprintf("kubectl label endpointslice %s -n %s --overwrite %s=%s",
			plain(near.Name), plain(near.Namespace), discoveryv1.LabelServiceName, plain(x.ref.Name))
		if !x.live {
			finding.Fix = fmt.Sprintf("give EndpointSlice %s the label %s: %s", plain(near.Name), discoveryv1.LabelServiceName, plain(x.ref.Name))
		}
	}
	return []Finding{finding}
}

// strayslice is a slice that by its name is for the service, and by its label
// is for none that there is.
func (x *subject) strayslice() *discoveryv1.EndpointSlice {
	for _, slice := range x.index.strays[x.ref.Namespace] {
		rest, named := strings.CutPrefix(slice.Name, x.ref.Name)
		if named && (rest == "" || rest[0] == '-') {
			return slice
		}
	}
	return nil
}

// strays are the slices that belong to no service of the snapshot, by namespace.
func strays(s *snapshot.Snapshot) map[string][]*discoveryv1.EndpointSlice {
	by := map[string][]*discoveryv1.EndpointSlice{}
	for _, slice := range s.Slices {
		if s.Service(slice.Namespace, slice.Labels[discoveryv1.LabelServiceName]) == nil {
			by[slice.Namespace] = append(by[slice.Namespace], slice)
		}
	}
	return by
}

// slicePorts sorts the ports of a service's slices by how they fit one of its
// ports (k8s.io/kubernetes pkg/proxy/endpointslicecache.go, endpointInfoByServicePort).
type slicePorts struct {
	fits bool
	// protocol is a slice port of the same name, name one of another name.
	protocol, name *discoveryv1.EndpointPort
	inProtocol     *discoveryv1.EndpointSlice
	inName         *discoveryv1.EndpointSlice
}

func (x *subject) slicePortsOf(port *corev1.ServicePort) slicePorts {
	var found slicePorts
	for _, slice := range x.slices() {
		for i := range slice.Ports {
			declared := &slice.Ports[i]
			sameName := text(declared.Name) == port.Name
			sameProtocol := sliceProtocolOf(declared) == port.Protocol
			switch {
			case sameName && sameProtocol:
				found.fits = true
			case sameName && found.protocol == nil:
				found.protocol, found.inProtocol = declared, slice
			case sameProtocol && found.name == nil && !x.hasPort(text(declared.Name)):
				found.name, found.inName = declared, slice
			}
		}
	}
	return found
}

func (x *subject) hasPort(name string) bool {
	for i := range x.service.Spec.Ports {
		if x.service.Spec.Ports[i].Name == name {
			return true
		}
	}
	return false
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func sliceProtocolOf(port *discoveryv1.EndpointPort) corev1.Protocol {
	if port.Protocol == nil {
		return corev1.ProtocolTCP
	}
	return *port.Protocol
}

func slicePortName(x *subject, i int, port *corev1.ServicePort) []Finding {
	found := x.slicePortsOf(port)
	if !selectorless(x) || found.fits || found.protocol != nil || found.name == nil {
		return nil
	}
	return []Finding{{
		Object: snapshot.RefOf("EndpointSlice", found.inName),
		Field:  "ports",
		Message: fmt.Sprintf("EndpointSlice %s has no port named %q as %s of the service is, only one named %q, so the port has no endpoints",
			plain(found.inName.Name), port.Name, x.portName(i), text(found.name.Name)),
		Fix: fmt.Sprintf("name the port %q in both", port.Name),
	}}
}

func sliceProtocol(x *subject, i int, port *corev1.ServicePort) []Finding {
	found := x.slicePortsOf(port)
	if !selectorless(x) || found.fits || found.protocol == nil {
		return nil
	}
	return []Finding{{
		Object: snapshot.RefOf("EndpointSlice", found.inProtocol),
		Field:  "ports",
		Message: fmt.Sprintf("%s of the service is %s, but the port of that name in EndpointSlice %s is %s, so it has no endpoints",
			x.portName(i), port.Protocol, plain(found.inProtocol.Name), sliceProtocolOf(found.protocol)),
		Fix: "give the port the same protocol in both",
	}}
}
