package check

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// withPort changes the only port of the service.
func withPort(change func(*corev1.ServicePort)) *corev1.Service {
	return service(func(s *corev1.Service) { change(&s.Spec.Ports[0]) })
}

func withPorts(ports ...corev1.ServicePort) *corev1.Service {
	return service(func(s *corev1.Service) { s.Spec.Ports = ports })
}

func inProtocol(protocol corev1.Protocol, port corev1.ServicePort) corev1.ServicePort {
	port.Protocol = protocol
	return port
}

func portCases() []ruleCase {
	named := func(target string) *corev1.Service {
		return withPort(func(p *corev1.ServicePort) { p.TargetPort = intstr.FromString(target) })
	}
	return []ruleCase{{
		id: "NP003", name: "one port", service: service(),
	}, {
		id: "NP003", name: "no port", service: withPorts(),
		want: []string{"error spec.ports: the service lists no ports"},
	}, {
		id: "NP003", name: "an external name needs none",
		service: service(func(s *corev1.Service) { s.Spec.Ports, s.Spec.Type = nil, corev1.ServiceTypeExternalName }),
	}, {
		id: "NP004", name: "the last port", service: withPort(func(p *corev1.ServicePort) { p.Port = 65535 }),
	}, {
		id: "NP004", name: "beyond the last port", service: withPort(func(p *corev1.ServicePort) { p.Port = 65536 }),
		want: []string{"error spec.ports[0].port: 65536 is no port number: it must be from 1 to 65535"},
	}, {
		id: "NP004", name: "port 0", service: withPort(func(p *corev1.ServicePort) { p.Port = 0 }),
		want: []string{"error spec.ports[0].port: 0 is no port number: it must be from 1 to 65535"},
	}, {
		id: "NP005", name: "a single port needs no name", service: withPorts(port("", 82, 0)),
	}, {
		id: "NP005", name: "of two ports each needs a name", service: withPorts(port("http", 82, 0), port("", 83, 0)),
		want: []string{"error spec.ports[1].name: port 83 has no name, which a service with several ports needs"},
		fix:  `set spec.ports[1].name to "port-83"`,
	}, {
		id: "NP006", name: "a long name", service: withPorts(port("http-for-the-customers-of-the-shop", 82, 0)),
	}, {
		id: "NP006", name: "a name in capitals", service: withPorts(port("HTTP", 82, 0)),
		want: []string{"error spec.ports[0].name: HTTP cannot be the name of a port: it must be made of lower-case letters, digits " +
			"and hyphens, and begin and end with a letter or digit"},
	}, {
		id: "NP007", name: "two names", service: withPorts(port("http", 82, 0), port("web", 83, 0)),
	}, {
		id: "NP007", name: "one name for two ports", service: withPorts(port("http", 82, 0), port("http", 83, 0)),
		want: []string{"error spec.ports[1].name: port name http is used twice: for port 82 and for port 83"},
	}, {
		id: "NP007", name: "two ports without a name are a matter of NP005", service: withPorts(port("", 82, 0), port("", 83, 0)),
	}, {
		id: "NP008", name: "SCTP", service: withPorts(inProtocol("SCTP", port("ngap", 82, 0))),
	}, {
		id: "NP008", name: "none is TCP", service: withPorts(inProtocol("", port("http", 82, 0))),
	}, {
		id: "NP008", name: "a protocol in small letters", service: withPorts(inProtocol("tcp", port("http", 82, 0))),
		want: []string{"error spec.ports[0].protocol: tcp is no protocol of a service: it must be TCP, UDP or SCTP"},
		fix:  `set spec.ports[0].protocol to "TCP"`,
	}, {
		id: "NP008", name: "a protocol above", service: withPorts(inProtocol("HTTP", port("http", 82, 0))),
		want: []string{"error spec.ports[0].protocol: HTTP is no protocol of a service: it must be TCP, UDP or SCTP"},
		fix:  "set spec.ports[0].protocol to TCP, UDP or SCTP",
	}, {
		id: "NP009", name: "one port in two protocols", service: withPorts(port("tcp", 53, 0), inProtocol("UDP", port("udp", 53, 0))),
	}, {
		id: "NP009", name: "one port twice in one protocol", service: withPorts(port("a", 53, 0), inProtocol("", port("b", 53, 0))),
		want: []string{"error spec.ports[1]: port 53/TCP is listed twice"},
	}, {
		id: "NP010", name: "a name of 15 characters", service: named("fifteen-letters"),
	}, {
		id: "NP010", name: "none is the port itself", service: withPort(func(p *corev1.ServicePort) { p.TargetPort = intstr.IntOrString{} }),
	}, {
		id: "NP010", name: "a name of 16 characters", service: named("sixteen-letters1"),
		want: []string{"error spec.ports[0].targetPort: sixteen-letters1 cannot be the name of a target port: it has 16 characters, " +
			"and only 15 are allowed"},
	}, {
		id: "NP010", name: "two hyphens in a row", service: named("web--http"),
		want: []string{"error spec.ports[0].targetPort: web--http cannot be the name of a target port: it must be made of lower-case " +
			"letters, digits and single hyphens, with at least one letter and no hyphen at either end"},
	}, {
		id: "NP010", name: "a number in quotes", service: named("300"),
		want: []string{`error spec.ports[0].targetPort: target port "300" is in quotes, so it is taken for a name, and a name needs a letter`},
		fix:  "set spec.ports[0].targetPort to 300, without quotes",
	}, {
		id: "NP010", name: "a number beyond the last port",
		service: withPort(func(p *corev1.ServicePort) { p.TargetPort = intstr.FromInt32(70000) }),
		want:    []string{"error spec.ports[0].targetPort: 70000 is no port number: a target port must be from 1 to 65535"},
	}, {
		id: "NP011", name: "a registered name", service: withPort(func(p *corev1.ServicePort) { p.AppProtocol = new("https") }),
	}, {
		id: "NP011", name: "a name with a domain", service: withPort(func(p *corev1.ServicePort) { p.AppProtocol = new("kubernetes.io/h2c") }),
	}, {
		id: "NP011", name: "a name with a version", service: withPort(func(p *corev1.ServicePort) { p.AppProtocol = new("http/1.1/x") }),
		want: []string{"error spec.ports[0].appProtocol: appProtocol http/1.1/x is not valid: it must be a name of at most 63 letters, " +
			"digits, hyphens, dots and underscores, or a DNS domain, one slash and such a name"},
	}}
}
