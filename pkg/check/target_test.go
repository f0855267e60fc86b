package check

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// declaring replaces the ports that the pod's container declares.
func declaring(ports ...corev1.ContainerPort) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.Containers[0].Ports = ports }
}

func containerPort(name string, number int32) corev1.ContainerPort {
	return corev1.ContainerPort{Name: name, ContainerPort: number}
}

func udp(port corev1.ContainerPort) corev1.ContainerPort {
	port.Protocol = corev1.ProtocolUDP
	return port
}

// initially moves what the pod declares to an init container.
func initially(policy *corev1.ContainerRestartPolicy) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.InitContainers = []corev1.Container{{Name: "migrate", Ports: p.Spec.Containers[0].Ports, RestartPolicy: policy}}
		p.Spec.Containers[0].Ports = nil
	}
}

func second(changes ...func(*corev1.Pod)) *corev1.Pod {
	return pod(append([]func(*corev1.Pod){func(p *corev1.Pod) { p.Name = "web-2" }}, changes...)...)
}

func targetCases() []ruleCase {
	to := func(target intstr.IntOrString) *corev1.Service {
		return withPort(func(p *corev1.ServicePort) { p.TargetPort = target })
	}
	byName, byNumber := to(intstr.FromString("http")), service()
	const field = "spec.ports[0].targetPort: "
	return []ruleCase{{
		id: "NP211", name: "the name is declared", service: byName,
	}, {
		id: "NP211", name: "a native sidecar declares it", service: byName, in: []any{pod(initially(new(corev1.ContainerRestartPolicyAlways)))},
	}, {
		id: "NP211", name: "a slip in the name", service: to(intstr.FromString("htttp")),
		want: []string{"error " + field + "target port htttp of port http: no container of Deployment web declares a port named so, but " +
			"container web declares 300 (http)"},
		fix: `set spec.ports[0].targetPort to "http"`,
	}, {
		id: "NP211", name: "no port has a name", service: byName, in: []any{pod(declaring(containerPort("", 300)))},
		want: []string{"error " + field + "target port http of port http: no container of Deployment web declares a port named so, but " +
			"container web declares 300"},
		fix: "set spec.ports[0].targetPort to 300",
	}, {
		id: "NP211", name: "nothing is declared", service: byName, in: []any{pod(declaring())},
		want: []string{"error " + field + "target port http of port http: no container of Deployment web declares a port named so"},
		fix:  "name a container port http, or set spec.ports[0].targetPort to a number",
	}, {
		id: "NP211", name: "no pods are matched", service: byName, in: []any{pod(of("cart"))},
	}, {
		id: "NP211", name: "only a template is there yet", service: to(intstr.FromString("web")), in: []any{deployment()},
		want: []string{"error " + field + "target port web of port http: no container of Deployment web declares a port named so, but " +
			"container web declares 300 (http)"},
	}, {
		id: "NP212", name: "the name leads to different numbers", service: byName, in: []any{pod(), second(declaring(containerPort("http", 301)))},
	}, {
		id: "NP212", name: "only one of two pods declares it", service: byName, in: []any{pod(), second(declaring(containerPort("web", 300)))},
		want: []string{"warning " + field + "target port http of port http is missing in 1 of 2 pods, among them those of Deployment web: " +
			"they get no traffic"},
	}, {
		id: "NP213", name: "the protocol fits", service: byName,
	}, {
		id: "NP213", name: "the name is declared for another protocol", service: byName, in: []any{pod(declaring(udp(containerPort("http", 300))))},
		want: []string{"error spec.ports[0].protocol: port http forwards TCP, but Deployment web declares its target port http as UDP only"},
		fix:  `set spec.ports[0].protocol to "UDP"`,
	}, {
		id: "NP213", name: "the declared protocol is that of a port beside it", in: []any{pod(declaring(containerPort("dns", 53)))},
		service: withPorts(
			corev1.ServicePort{Name: "dns", Protocol: "TCP", Port: 53, TargetPort: intstr.FromString("dns")},
			corev1.ServicePort{Name: "dns-udp", Protocol: "UDP", Port: 53, TargetPort: intstr.FromString("dns")},
		),
		want: []string{"error spec.ports[1].protocol: port dns-udp forwards UDP, but Deployment web declares its target port dns as TCP only"},
		fix:  "remove the port, unless the pods answer UDP, too: then spec.ports[1].targetPort is to be their number",
	}, {
		id: "NP213", name: "the number is declared for another protocol", service: byNumber, in: []any{pod(declaring(udp(containerPort("http", 300))))},
		want: []string{"warning spec.ports[0].protocol: port http forwards TCP, but Deployment web declares its target port 300 as UDP only"},
	}, {
		id: "NP213", name: "the number is declared for both protocols", service: byNumber,
		in: []any{pod(declaring(udp(containerPort("quic", 300)), containerPort("http", 300)))},
	}, {
		id: "NP214", name: "an init container and the container declare it", service: byName,
		in: []any{pod(initially(nil), declaring(containerPort("http", 300)))},
	}, {
		id: "NP214", name: "only an init container declares it", service: byName, in: []any{pod(initially(nil))},
		want: []string{"error " + field + "target port http of port http is declared only by an init container of Deployment web, which has " +
			"ended when traffic arrives"},
	}, {
		id: "NP215", name: "the number is declared", service: byNumber,
	}, {
		id: "NP215", name: "nothing is declared", service: byNumber, in: []any{pod(declaring())},
	}, {
		id: "NP215", name: "only metrics are declared", service: byNumber, in: []any{pod(declaring(containerPort("metrics", 9102)))},
	}, {
		id: "NP215", name: "another number is declared", service: to(intstr.FromInt32(8080)),
		want: []string{"warning " + field + "target port 8080 of port http is not declared by any container of Deployment web, but container web " +
			"declares 300 (http)"},
		fix: `set spec.ports[0].targetPort to "http"`,
	}, {
		id: "NP215", name: "no target port is given, and the port's number is not declared", service: to(intstr.IntOrString{}),
		want: []string{"warning " + field + "port http names no targetPort, so it leads to port 82 of the pods, which no container of " +
			"Deployment web declares, but container web declares 300 (http)"},
	}, {
		id: "NP215", name: "the other number is what another port leads to", service: withPorts(port("http", 82, 0), corev1.ServicePort{
			Name: "debug", Protocol: "TCP", Port: 83, TargetPort: intstr.FromInt32(5005),
		}),
	}, {
		id: "NP215", name: "two other numbers are declared, and neither stands out", service: to(intstr.FromInt32(8080)),
		in: []any{pod(declaring(containerPort("", 300), containerPort("", 301)))},
	}, {
		id: "NP215", name: "a probe asks at the number", service: to(intstr.FromInt32(8080)),
		in: []any{pod(func(p *corev1.Pod) {
			p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
				HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromInt32(8080)},
			}}
		})},
	}, {
		id: "NP215", name: "an argument names the number", service: to(intstr.FromInt32(8080)),
		in: []any{pod(func(p *corev1.Pod) { p.Spec.Containers[0].Args = []string{"--listen=0.0.0.0:8080"} })},
	}, {
		id: "NP215", name: "the environment names the number", service: to(intstr.FromInt32(8080)),
		in: []any{pod(func(p *corev1.Pod) { p.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "PORT", Value: "8080"}} })},
	}, {
		id: "NP215", name: "one of two pods declares it", service: to(intstr.FromInt32(8080)),
		in: []any{pod(), second(declaring(containerPort("http", 8080)))},
	}}
}
