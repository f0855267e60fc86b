package route

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// service is shop/web of type NodePort: node port 30033, port 82 on 10.3.11.5,
// target port 300.
func service(changes ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Spec: corev1.ServiceSpec{
			Type:       corev1.ServiceTypeNodePort,
			ClusterIP:  "10.3.11.5",
			ClusterIPs: []string{"10.3.11.5"},
			Ports: []corev1.ServicePort{{
				Name: "http", Protocol: corev1.ProtocolTCP, Port: 82, NodePort: 30033, TargetPort: intstr.FromInt32(300),
			}},
		},
	}
	for _, change := range changes {
		change(s)
	}
	return s
}

func externalLocal(s *corev1.Service) {
	s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
}

func internalLocalPolicy(s *corev1.Service) {
	policy := corev1.ServiceInternalTrafficPolicyLocal
	s.Spec.InternalTrafficPolicy = &policy
}

func clusterIPsOf(ips ...string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.ClusterIPs = ips[0], ips }
}

// slice is one of shop/web, with port http at 300.
func slice(endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-x",
			Labels: map[string]string{discoveryv1.LabelServiceName: "web"},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("http"), Protocol: new(corev1.ProtocolTCP), Port: new(int32(300))}},
		Endpoints:   endpoints,
	}
}

// changed returns a slice after a change.
func changed(s *discoveryv1.EndpointSlice, change func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	change(s)
	return s
}

// ready is an endpoint that serves, on a node.
func ready(ip, node string, changes ...func(*discoveryv1.Endpoint)) discoveryv1.Endpoint {
	e := discoveryv1.Endpoint{Addresses: []string{ip}, Conditions: conditions(true, true, false)}
	if node != "" {
		e.NodeName = &node
	}
	for _, change := range changes {
		change(&e)
	}
	return e
}

// notReady is an endpoint whose pod is not ready.
func notReady(ip, node string) discoveryv1.Endpoint {
	return ready(ip, node, func(e *discoveryv1.Endpoint) { e.Conditions = conditions(false, false, false) })
}

// serving is an endpoint whose pod is ready but going.
func serving(ip, node string, changes ...func(*discoveryv1.Endpoint)) discoveryv1.Endpoint {
	e := ready(ip, node, changes...)
	e.Conditions = conditions(false, true, true)
	return e
}

// gone is an endpoint whose pod is going and not ready any more.
func gone(ip, node string) discoveryv1.Endpoint {
	return ready(ip, node, func(e *discoveryv1.Endpoint) { e.Conditions = conditions(false, false, true) })
}

func conditions(ready, serving, terminating bool) discoveryv1.EndpointConditions {
	return discoveryv1.EndpointConditions{Ready: &ready, Serving: &serving, Terminating: &terminating}
}

func forNodes(names ...string) func(*discoveryv1.Endpoint) {
	return func(e *discoveryv1.Endpoint) {
		if e.Hints == nil {
			e.Hints = &discoveryv1.EndpointHints{}
		}
		for _, name := range names {
			e.Hints.ForNodes = append(e.Hints.ForNodes, discoveryv1.ForNode{Name: name})
		}
	}
}

func forZones(names ...string) func(*discoveryv1.Endpoint) {
	return func(e *discoveryv1.Endpoint) {
		if e.Hints == nil {
			e.Hints = &discoveryv1.EndpointHints{}
		}
		for _, name := range names {
			e.Hints.ForZones = append(e.Hints.ForZones, discoveryv1.ForZone{Name: name})
		}
	}
}

// node is Ready, in a zone or in none, with the given InternalIPs.
func node(name, zone string, ips ...string) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}},
		Status: corev1.NodeStatus{
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
	if zone != "" {
		n.Labels[corev1.LabelTopologyZone] = zone
	}
	for _, ip := range ips {
		n.Status.Addresses = append(n.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: ip})
	}
	return n
}

// threeNodes are node-a in zone-1, node-b in zone-2 and node-c in none.
func threeNodes() []*corev1.Node {
	return []*corev1.Node{node("node-a", "zone-1", "10.1.11.4"), node("node-b", "zone-2", "10.1.11.5"), node("node-c", "", "10.1.11.6")}
}

// tableOf is the table of one service on threeNodes.
func tableOf(s *corev1.Service, slices ...*discoveryv1.EndpointSlice) *Table {
	return New(&snapshot.Snapshot{Services: []*corev1.Service{s}, Slices: slices, Nodes: threeNodes()})
}

// only returns the table's service and its first port.
func only(t *testing.T, table *Table) (*Service, *Port) {
	t.Helper()
	if len(table.Services) != 1 {
		t.Fatalf("the table has %d services, want 1", len(table.Services))
	}
	return &table.Services[0], &table.Services[0].Ports[0]
}

func nodeOf(t *testing.T, table *Table, name string) *Node {
	t.Helper()
	for i := range table.Nodes {
		if table.Nodes[i].Name == name {
			return &table.Nodes[i]
		}
	}
	t.Fatalf("the table has no node %q", name)
	return nil
}

// told writes a verdict as "forward 10.2.1.7:300 …" or "refuse: no endpoints".
func told(v Verdict) string {
	if v.Reason != "" {
		return v.Action.String() + ": " + v.Reason
	}
	return v.Action.String() + addressList(v.Endpoints)
}

func addressList(endpoints []Endpoint) string {
	var b strings.Builder
	for _, e := range endpoints {
		fmt.Fprintf(&b, " %s", e.Address)
	}
	return b.String()
}

// Manifests can say anything; a number that is cut to 16 bits is another port.
func TestPortsThatNoPacketCanCarryAreNoOtherPorts(t *testing.T) {
	for _, impossible := range []int32{-5, 65536, 70000, 99999} {
		s := slice(ready("10.2.1.7", "a"))
		s.Ports[0].Port = &impossible
		service, port := only(t, tableOf(service(func(s *corev1.Service) {
			s.Spec.HealthCheckNodePort = impossible
			s.Spec.Ports[0].NodePort, s.Spec.Ports[0].Port = impossible, impossible
		}), s))
		if service.HealthCheckNodePort != 0 || port.NodePort != 0 || port.Port != 0 || len(port.Endpoints) != 0 {
			t.Errorf("%d: health check %d, node port %d, port %d, endpoints %v",
				impossible, service.HealthCheckNodePort, port.NodePort, port.Port, port.Endpoints)
		}
	}
}
