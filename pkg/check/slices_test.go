package check

import (
	"errors"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func sliceCases() []ruleCase {
	noSelector := selecting(nil)
	unnamed := withPorts(port("", 82, 30033))
	unnamed.Spec.Selector = nil
	calling := func(name *string) *discoveryv1.EndpointSlice {
		return slice(func(s *discoveryv1.EndpointSlice) { s.Ports[0].Name = name })
	}
	in := func(protocol *corev1.Protocol) *discoveryv1.EndpointSlice {
		return slice(func(s *discoveryv1.EndpointSlice) { s.Ports[0].Protocol = protocol })
	}
	return []ruleCase{{
		id: "NP231", name: "a service with a selector", service: service(),
	}, {
		id: "NP231", name: "a service without one has a slice", service: noSelector, in: []any{slice()},
	}, {
		id: "NP231", name: "a service without one has nothing", service: noSelector,
		want: []string{"warning spec.selector: the service has no selector, and there is no EndpointSlice for it, so it has no endpoints"},
	}, {
		id: "NP231", name: "the slices could not be read", service: noSelector,
		in: []any{snapshot.Gap{Resource: "endpointslices", Err: errors.New("forbidden")}},
	}, {
		id: "NP232", name: "the same name", service: noSelector, in: []any{slice()},
	}, {
		id: "NP232", name: "no name in both", service: unnamed, in: []any{calling(nil)},
	}, {
		id: "NP232", name: "another name", service: noSelector, in: []any{calling(new("web"))},
		want: []string{`error EndpointSlice/shop/web-abc ports: EndpointSlice web-abc has no port named "http" as port http of the service is, ` +
			`only one named "web", so the port has no endpoints`},
	}, {
		id: "NP232", name: "a name in one of them", service: unnamed, in: []any{slice()},
		want: []string{`error EndpointSlice/shop/web-abc ports: EndpointSlice web-abc has no port named "" as port 82 of the service is, ` +
			`only one named "http", so the port has no endpoints`},
	}, {
		id: "NP233", name: "no protocol is TCP", service: noSelector, in: []any{in(nil)},
	}, {
		id: "NP233", name: "another protocol", service: noSelector, in: []any{in(new(corev1.ProtocolUDP))},
		want: []string{"error EndpointSlice/shop/web-abc ports: port http of the service is TCP, but the port of that name in EndpointSlice " +
			"web-abc is UDP, so it has no endpoints"},
	}}
}
