package parity

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// placed is a scenario with its place in the lab: index is that in its round,
// and with it the network of its pods; id was no other scenario's before, so
// that nothing is remembered of its port.
type placed struct {
	scenario
	index, id int
}

// nodePort is above those that the nodes' own connections come from.
func (p placed) nodePort() int { return 30000 + p.id%30000 }

// targets are the ports on which all addresses of pods answer.
func targets() []int32 { return []int32{300, 301} }

// podAddress is that of a host of the scenario.
func (p placed) podAddress(family byte, host int) netip.Addr {
	if family == '6' {
		return netip.MustParseAddr(fmt.Sprintf("fd00:10:2:%x::%x", p.index, host))
	}
	return netip.MustParseAddr(fmt.Sprintf("10.2.%d.%d", p.index, host))
}

// objects makes the Service and the EndpointSlices of a scenario.
func (p placed) objects(endpoints []endpoint) []any {
	name := fmt.Sprintf("s%d", p.id)
	service := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeNodePort, ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyCluster,
			SessionAffinity: corev1.ServiceAffinityNone,
			Ports:           []corev1.ServicePort{{Protocol: corev1.Protocol(p.Protocol), Port: 82, NodePort: int32(p.nodePort())}},
		},
	}
	if p.Local {
		service.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
	}
	if p.Affinity {
		service.Spec.SessionAffinity = corev1.ServiceAffinityClientIP
		timeout := int32(10800)
		service.Spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: &timeout}}
	}
	if p.Foreign {
		service.Labels = map[string]string{"service.kubernetes.io/service-proxy-name": "another"}
	}
	all := []any{service}
	for _, family := range []byte(p.Families) {
		ip, kind := fmt.Sprintf("10.3.%d.%d", p.id/250%250, p.id%250+1), discoveryv1.AddressTypeIPv4
		if family == '6' {
			ip, kind = fmt.Sprintf("fd00:10:3::%x", p.id%30000+1), discoveryv1.AddressTypeIPv6
		}
		service.Spec.ClusterIPs = append(service.Spec.ClusterIPs, ip)
		service.Spec.IPFamilies = append(service.Spec.IPFamilies, corev1.IPFamily(kind))
		for target, port := range targets() {
			slice := &discoveryv1.EndpointSlice{
				TypeMeta: metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSlice"},
				ObjectMeta: metav1.ObjectMeta{
					Namespace: "ns", Name: fmt.Sprintf("%s-%c-%d", name, family, target),
					Labels: map[string]string{discoveryv1.LabelServiceName: name},
				},
				AddressType: kind,
				Ports:       []discoveryv1.EndpointPort{{Name: new(""), Protocol: new(corev1.Protocol(p.Protocol)), Port: new(port)}},
			}
			for _, e := range endpoints {
				if e.Target == target {
					slice.Endpoints = append(slice.Endpoints, e.object(p.podAddress(family, e.Host)))
				}
			}
			if len(slice.Endpoints) > 0 {
				all = append(all, slice)
			}
		}
	}
	service.Spec.ClusterIP = service.Spec.ClusterIPs[0]
	return all
}

func (e endpoint) object(address netip.Addr) discoveryv1.Endpoint {
	o := discoveryv1.Endpoint{
		Addresses:  []string{address.String()},
		Conditions: discoveryv1.EndpointConditions{Ready: e.Ready.pointer(), Serving: e.Serving.pointer(), Terminating: e.Terminating.pointer()},
	}
	if e.Node != "" {
		o.NodeName = &e.Node
	}
	if e.Zones != nil || e.Nodes != nil {
		o.Hints = &discoveryv1.EndpointHints{}
		for _, zone := range e.Zones {
			o.Hints.ForZones = append(o.Hints.ForZones, discoveryv1.ForZone{Name: zone})
		}
		for _, node := range e.Nodes {
			o.Hints.ForNodes = append(o.Hints.ForNodes, discoveryv1.ForNode{Name: node})
		}
	}
	return o
}

// list writes the objects of a round as a v1 List on one line.
func list(round []placed, endpoints func(scenario) []endpoint) ([]byte, error) {
	items := []any{}
	for _, p := range round {
		items = append(items, p.objects(endpoints(p.scenario))...)
	}
	text, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	return append(text, '\n'), err
}

func before(s scenario) []endpoint { return s.Before }

func after(s scenario) []endpoint {
	if s.Changes {
		return s.After
	}
	return s.Before
}

// named writes an endpoint's address without the scenario's number, so that
// outcomes of scenarios compare.
func named(address netip.AddrPort) string {
	ip := address.Addr().AsSlice()
	return strings.TrimSuffix(fmt.Sprintf("host %d:%d", ip[len(ip)-1], address.Port()), ":300")
}
