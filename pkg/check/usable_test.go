package check

import (
	"errors"

	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

func usableCases() []ruleCase {
	manual := selecting(nil)
	without := slice(func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil })
	unready := slice(func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].Conditions.Ready = new(false) })
	stray := slice(func(s *discoveryv1.EndpointSlice) { s.Labels = nil })
	other := slice(func(s *discoveryv1.EndpointSlice) { s.Labels[discoveryv1.LabelServiceName] = "cart" })
	noPods := snapshot.Gap{Resource: "pods", Namespace: "shop", Err: errors.New("forbidden")}
	return []ruleCase{{
		id: "NP236", name: "a ready endpoint", service: service(live), in: []any{service(live), slice(), noPods},
	}, {
		id: "NP236", name: "no endpoint", service: service(live), in: []any{service(live), noPods},
		want: []string{"error : there are no endpoints: no pod that selector app=web matches is there; pods cannot be read, which would tell why"},
	}, {
		id: "NP236", name: "an endpoint that is not ready", service: service(live), in: []any{service(live), unready, noPods},
		want: []string{"error : none of 1 endpoint is ready; pods cannot be read, which would tell why"},
	}, {
		id: "NP231", name: "a slice without the label", service: manual, in: around(stray),
		want: []string{`error spec.selector: the service has no selector, and EndpointSlice web-abc is not for it: label kubernetes.io/service-name is ""`},
		fix:  "give EndpointSlice web-abc the label kubernetes.io/service-name: web",
	}, {
		id: "NP234", name: "an endpoint that is ready", service: manual, in: around(slice()),
	}, {
		id: "NP234", name: "no endpoints", service: manual, in: around(without),
		want: []string{"error EndpointSlice/shop/web-abc endpoints: EndpointSlice web-abc lists no endpoints, so nodes refuse the connection"},
	}, {
		id: "NP234", name: "an endpoint that is not ready", service: manual, in: around(unready),
		want: []string{"error EndpointSlice/shop/web-abc endpoints: the only endpoint in EndpointSlice web-abc is not ready, so nodes refuse the connection"},
	}, {
		id: "NP235", name: "pods in a slice", service: service(live), in: around(service(live), slice()),
	}, {
		id: "NP235", name: "no slices at all", service: service(live), in: around(service(live)),
	}, {
		id: "NP235", name: "slices of other services", service: service(live), in: around(service(live), other),
		want: []string{"warning : 1 pod is ready, but no EndpointSlice of the service lists any of them, so nodes refuse the connection"},
	}}
}
