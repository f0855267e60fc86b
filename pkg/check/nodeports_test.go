package check

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
)

// at returns the service with another node port.
func at(node int32, changes ...func(*corev1.Service)) *corev1.Service {
	return service(append(changes, func(s *corev1.Service) { s.Spec.Ports[0].NodePort = node })...)
}

// cart is another service that holds a node port.
func cart(node int32, changes ...func(*corev1.Service)) *corev1.Service {
	return at(node, append(changes, func(s *corev1.Service) { s.Name = "cart" })...)
}

func nodePortCases() []ruleCase {
	full := around()
	for port := int32(30000); port < 30086; port++ {
		full = append(full, cart(port))
	}
	low := nodeport.Range{First: 20000, Last: 22767, Learned: true}
	healthCheck := func(s *corev1.Service) {
		localTraffic(s)
		s.Spec.Type, s.Spec.HealthCheckNodePort = corev1.ServiceTypeLoadBalancer, 30033
	}
	dns := func(tcp, udp corev1.ServicePort) *corev1.Service { return withPorts(tcp, inProtocol("UDP", udp)) }
	return []ruleCase{{
		id: "NP101", name: "in range", service: service(), in: around(nodeport.Default()),
	}, {
		id: "NP101", name: "to be chosen", service: at(0),
	}, {
		id: "NP101", name: "in the range of this API server", service: at(20033), in: around(low),
	}, {
		id: "NP101", name: "out of the range of this API server", service: service(), in: around(low),
		want: []string{"error spec.ports[0].nodePort: node port 30033 of port http is out of the node port range 20000-22767"},
	}, {
		id: "NP101", name: "out of the range that was asked for and could not be learned", service: at(20033), in: around(nodeport.Default()),
		want: []string{"warning spec.ports[0].nodePort: node port 20033 of port http is out of the range 30000-32767, which is assumed: " +
			"that of the API server is not known"},
	}, {
		id: "NP101", name: "out of the range of all API servers that were given no other", service: at(8080),
		want: []string{"error spec.ports[0].nodePort: node port 8080 of port http is out of range: it must be in 30000-32767, unless the API " +
			"server was given another range"},
	}, {
		id: "NP101", name: "no port number", service: at(70000), in: around(nodeport.Default()),
		want: []string{"error spec.ports[0].nodePort: node port 70000 of port http is no port number, and out of the range 30000-32767"},
	}, {
		id: "NP101", name: "held since the range was another one", service: service(live), in: around(low, service(live)),
		want: []string{"warning spec.ports[0].nodePort: node port 30033 of port http is no longer in the node port range 20000-22767: it works " +
			"until it is released"},
	}, {
		id: "NP101", name: "held, so the range that was assumed is not the real one", service: at(20033), in: around(nodeport.Default(), at(20033, live)),
	}, {
		id: "NP101", name: "a ClusterIP service is a matter of NP013", service: at(80, func(s *corev1.Service) { s.Spec.Type = "ClusterIP" }),
	}, {
		id: "NP102", name: "free", service: service(), in: around(cart(30034)),
	}, {
		id: "NP102", name: "taken by another service", service: service(), in: around(cart(30033)),
		want: []string{"error spec.ports[0].nodePort: node port 30033 of port http is already taken by service shop/cart, port http"},
	}, {
		id: "NP102", name: "taken in another namespace, by a load balancer",
		service: service(), in: around(cart(30033, func(s *corev1.Service) { s.Namespace, s.Spec.Type = "ops", "LoadBalancer" })),
		want: []string{"error spec.ports[0].nodePort: node port 30033 of port http is already taken by service ops/cart, port http"},
	}, {
		id: "NP102", name: "taken by a health check", service: service(), in: around(cart(30034, healthCheck)),
		want: []string{"error spec.ports[0].nodePort: node port 30033 of port http is already taken by service shop/cart, health check"},
	}, {
		id: "NP102", name: "taken for another protocol",
		service: service(), in: around(cart(30033, func(s *corev1.Service) { s.Spec.Ports[0].Protocol = "UDP" })),
		want: []string{"error spec.ports[0].nodePort: node port 30033 of port http is already taken by service shop/cart, port http: " +
			"one port cannot be UDP for one service and TCP for another"},
	}, {
		id: "NP102", name: "a health check port taken by another service", service: at(30034, healthCheck), in: around(cart(30033)),
		want: []string{"error spec.healthCheckNodePort: node port 30033 of the health check is already taken by service shop/cart, port http"},
	}, {
		id: "NP102", name: "held by the service itself", service: service(), in: around(service(live)),
	}, {
		id: "NP102", name: "named by a service whose type has no node ports",
		service: service(), in: around(cart(30033, func(s *corev1.Service) { s.Spec.Type = "ExternalName" })),
	}, {
		id: "NP103", name: "one port number in two protocols shares its node port", service: dns(port("tcp", 53, 30053), port("udp", 53, 30053)),
	}, {
		id: "NP103", name: "two ports that are to be chosen", service: withPorts(port("a", 82, 0), port("b", 83, 0)),
	}, {
		id: "NP103", name: "one protocol", service: withPorts(port("a", 82, 30033), port("b", 83, 30033)),
		want: []string{"error spec.ports[1].nodePort: node port 30033 of port b is used twice: it is already used for port a with the same protocol, TCP"},
	}, {
		id: "NP103", name: "two protocols of different port numbers", service: dns(port("tcp", 53, 30053), port("udp", 54, 30053)),
		want: []string{"error spec.ports[1].nodePort: node port 30053 of port udp is used twice: it is already used for port tcp, and only " +
			"ports of the same number share one"},
	}, {
		id: "NP103", name: "which an update may have", service: dns(port("tcp", 53, 30053), port("udp", 54, 30053)), in: around(service(live)),
	}, {
		id: "NP103", name: "for traffic and its health check", service: service(healthCheck),
		want: []string{"error spec.healthCheckNodePort: node port 30033 of the health check is used twice: it is also used for port http"},
	}, {
		id: "NP104", name: "from the static band", service: service(),
	}, {
		id: "NP104", name: "from the dynamic band", service: at(31000),
		want: []string{"info spec.ports[0].nodePort: node port 31000 of port http may be given to another service first: the API server " +
			"draws from 30086-32767, and leaves 30000-30085 to people"},
	}, {
		id: "NP104", name: "from the dynamic band, and held already", service: at(31000), in: around(at(31000, live)),
	}, {
		id: "NP104", name: "the static band is full", service: at(31000), in: full,
	}, {
		id: "NP104", name: "a small range has no static band", service: at(30010), in: around(nodeport.Range{First: 30000, Last: 30015, Learned: true}),
	}}
}

func hostPortCases() []ruleCase {
	agent := func(changes ...func(*corev1.Pod)) *corev1.Pod {
		return pod(append([]func(*corev1.Pod){of("agent"), func(p *corev1.Pod) {
			p.Namespace, p.OwnerReferences[0].Kind = "ops", "DaemonSet"
		}}, changes...)...)
	}
	hostPort := func(p *corev1.Pod) { p.Spec.Containers[0].Ports[0].HostPort = 30033 }
	hostNetwork := func(p *corev1.Pod) { p.Spec.HostNetwork, p.Spec.Containers[0].Ports[0].ContainerPort = true, 30033 }
	want := []string{"warning spec.ports[0].nodePort: node port 30033 of port http is also a host port of DaemonSet agent in namespace ops"}
	return []ruleCase{{
		id: "NP105", name: "no pod listens on the host", service: service(), in: around(agent()),
	}, {
		id: "NP105", name: "a pod has a host port", service: service(), in: around(agent(hostPort)), want: want,
	}, {
		id: "NP105", name: "a pod is on the host's network", service: service(), in: around(agent(hostNetwork)), want: want,
	}, {
		id: "NP105", name: "a host port of another protocol", service: service(),
		in: around(agent(hostPort, func(p *corev1.Pod) { p.Spec.Containers[0].Ports[0].Protocol = "UDP" })),
	}, {
		id: "NP105", name: "a pod on the host's network has ended", service: service(),
		in: around(agent(hostNetwork, func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded })),
	}}
}

func TestManyNodePortsThatMayBeTakenAreToldOnce(t *testing.T) {
	findings := []Finding{{ID: "NP201"}, {ID: "NP104", Message: "a"}, {ID: "NP104", Message: "b"}, {ID: "NP215"}, {ID: "NP104", Message: "c"}}
	got := Condense(findings)
	if len(got) != 3 || got[1].Message != "a; so may 2 more of those that are asked for" || got[2].ID != "NP215" {
		t.Errorf("got %+v", got)
	}
	if got := Condense(findings[:2]); len(got) != 2 || got[1].Message != "a" {
		t.Errorf("one is told otherwise: %+v", got)
	}
}
