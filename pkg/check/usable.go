package check

import (
	"fmt"

	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// usable tells whether kube-proxy would use an endpoint now
// (k8s.io/kubernetes pkg/proxy/topology.go, CategorizeEndpoints).
func usable(conditions *discoveryv1.EndpointConditions) bool {
	return conditions.Ready == nil || *conditions.Ready || yes(conditions.Serving) && yes(conditions.Terminating)
}

// noUsableEndpoint is about endpoints that somebody wrote by hand.
func noUsableEndpoint(x *subject) []Finding {
	slices := x.slices()
	if !selectorless(x) || len(slices) == 0 || !x.Knows("endpointslices") {
		return nil
	}
	all := 0
	for _, slice := range slices {
		for i := range slice.Endpoints {
			all++
			if usable(&slice.Endpoints[i].Conditions) {
				return nil
			}
		}
	}
	finding := Finding{
		Object: snapshot.RefOf("EndpointSlice", slices[0]), Field: "endpoints",
		Message: fmt.Sprintf("EndpointSlice %s lists no endpoints, so nodes refuse the connection", plain(slices[0].Name)),
		Fix:     "add the addresses of the application to the EndpointSlice",
	}
	if all == 1 {
		finding.Message = fmt.Sprintf("the only endpoint in EndpointSlice %s is not ready, so nodes refuse the connection", plain(slices[0].Name))
	} else if all > 1 {
		finding.Message = fmt.Sprintf("none of %s in EndpointSlice %s is ready, so nodes refuse the connection",
			count(all, "endpoint"), plain(slices[0].Name))
	}
	if all > 0 {
		finding.Fix = "set conditions.ready of the endpoints to true, or leave it out"
	}
	return []Finding{finding}
}

// notInSlices compares the pods with what the control plane made of them. It
// is silent where no service at all has slices: then nothing makes any.
func notInSlices(x *subject) []Finding {
	ready := x.tally().ready
	if selectorless(x) || !x.live || len(ready) == 0 || !x.Knows("endpointslices") || len(x.Slices) == 0 {
		return nil
	}
	for _, slice := range x.slices() {
		if len(slice.Endpoints) > 0 {
			return nil
		}
	}
	if len(podsLackFamily(x)) > 0 {
		return nil
	}
	return []Finding{{
		Message: fmt.Sprintf("%s ready, but no EndpointSlice of the service lists any of them, so nodes refuse the connection",
			verb(len(ready), count(len(ready), "pod"), "is", "are")),
		Fix: fmt.Sprintf("see why the control plane makes none: kubectl describe service %s -n %s",
			plain(x.ref.Name), plain(x.ref.Namespace)),
		Passing: true,
	}}
}

// noEndpoints says what slices alone tell to a user who may not read pods.
func noEndpoints(x *subject) []Finding {
	if selectorless(x) || !x.live || x.knowsPods() || !x.Knows("endpointslices") || !hasNodePortType(x.service) {
		return nil
	}
	all := 0
	for _, slice := range x.slices() {
		for i := range slice.Endpoints {
			all++
			if usable(&slice.Endpoints[i].Conditions) {
				return nil
			}
		}
	}
	message := fmt.Sprintf("none of %s is ready", count(all, "endpoint"))
	if all == 0 {
		message = fmt.Sprintf("there are no endpoints: no pod that selector %s matches is there", selectorText(x.service.Spec.Selector))
	}
	return []Finding{{
		Message: message + "; pods cannot be read, which would tell why",
		Fix:     "ask for the permission to list pods in namespace " + plain(x.ref.Namespace),
		Passing: true,
	}}
}
