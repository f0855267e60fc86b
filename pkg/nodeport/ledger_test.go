package nodeport

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// opening is a pod spec that opens a port on its node.
func opening(port int32, protocol corev1.Protocol) *corev1.PodSpec {
	return &corev1.PodSpec{Containers: []corev1.Container{{
		Ports: []corev1.ContainerPort{{ContainerPort: 80, HostPort: port, Protocol: protocol}},
	}}}
}

func named(name string, nodePort int32, protocol corev1.Protocol) *corev1.Service {
	return service(func(s *corev1.Service) {
		s.Name, s.Spec.Ports[0].NodePort, s.Spec.Ports[0].Protocol = name, nodePort, protocol
	})
}

func TestAPortCollides(t *testing.T) {
	const tcp, udp = corev1.ProtocolTCP, corev1.ProtocolUDP
	for _, test := range []struct {
		name     string
		services []*corev1.Service
		pod      *corev1.PodSpec
		want     bool
	}{
		{"not when one service has it", []*corev1.Service{named("web", 30033, tcp)}, nil, false},
		{"when two services want it", []*corev1.Service{named("web", 30033, tcp), named("api", 30033, tcp)}, nil, true},
		{"when they want it for different protocols", []*corev1.Service{named("web", 30033, tcp), named("api", 30033, udp)}, nil, true},
		{"not when one service has it for two protocols", []*corev1.Service{service(func(s *corev1.Service) {
			s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: "h3", Protocol: udp, Port: 82, NodePort: 30033})
		})}, nil, false},
		{"when a pod opens it on its node", []*corev1.Service{named("web", 30033, tcp)}, opening(30033, ""), true},
		{"not when a pod opens it for another protocol", []*corev1.Service{named("web", 30033, tcp)}, opening(30033, udp), false},
		{"not when only a pod has it", nil, opening(30033, tcp), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := NewLedger(Range{}, test.services)
			if test.pod != nil {
				l.Open(Host{Kind: "Pod", Namespace: "shop", Name: "edge", Pods: 1}, test.pod)
			}
			if got := l.Collides(30033); got != test.want {
				t.Errorf("Collides = %t", got)
			}
			if !l.Taken(30033) {
				t.Error("it is not taken")
			}
		})
	}
}

func TestPodsOfOneWorkloadAreOneHost(t *testing.T) {
	l := NewLedger(Range{}, nil)
	for range 3 {
		l.Open(Host{Kind: "DaemonSet", Namespace: "shop", Name: "edge", Pods: 1}, opening(30050, ""))
	}
	l.Open(Host{Kind: "Pod", Namespace: "shop", Name: "edge", Pods: 1}, opening(30050, ""))
	l.Open(Host{Kind: "Pod", Namespace: "shop", Name: "low", Pods: 1}, opening(443, ""))
	hosts := l.Hosts[30050]
	if len(hosts) != 2 || hosts[0].Pods != 3 || hosts[1].Pods != 1 {
		t.Errorf("hosts are %+v", hosts)
	}
	if ports := l.Ports(); len(ports) != 1 || ports[0] != 30050 {
		t.Errorf("host ports outside of the range are no business of it: %v", ports)
	}
}

func TestOnTheHostsNetworkEveryContainerPortIsOneOfTheNode(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	ports := []corev1.ContainerPort{{ContainerPort: 30010}}
	spec := &corev1.PodSpec{
		HostNetwork:    true,
		Containers:     []corev1.Container{{Ports: ports}},
		InitContainers: []corev1.Container{{Ports: []corev1.ContainerPort{{ContainerPort: 1}}}, {Ports: []corev1.ContainerPort{{ContainerPort: 30011}}, RestartPolicy: &always}},
	}
	got := HostPorts(spec)
	if len(got) != 2 || got[0] != (HostPort{30010, corev1.ProtocolTCP, true}) || got[1].Port != 30011 {
		t.Errorf("HostPorts = %+v", got)
	}
	spec.HostNetwork = false
	if got := HostPorts(spec); got != nil {
		t.Errorf("on a network of its own: %+v", got)
	}
}

func TestBandsOfPorts(t *testing.T) {
	l := NewLedger(Range{First: 20000, Last: 22767}, nil)
	for port, want := range map[int32]string{19999: "outside", 20000: "static", 20085: "static", 20086: "dynamic", 22767: "dynamic", 22768: "outside"} {
		if got := l.BandOf(port).String(); got != want {
			t.Errorf("%d is %s, want %s", port, got, want)
		}
	}
	small := NewLedger(Range{First: 0x7000, Last: 0x7003}, nil)
	if got := small.BandOf(0x7000); got != Dynamic {
		t.Errorf("a small range has no static band, but %d is %s", 0x7000, got)
	}
}

func TestFreePortsOfALedgerAreNotThoseThatPodsOpen(t *testing.T) {
	l := NewLedger(Range{}, []*corev1.Service{named("web", 30000, "")})
	l.Open(Host{Kind: "Pod", Namespace: "shop", Name: "edge", Pods: 1}, opening(30001, ""))
	if got := l.Free(1); len(got) != 1 || got[0] != 30002 {
		t.Errorf("Free = %v", got)
	}
	suggested, _ := l.Suggest("shop", "web")
	l.Open(Host{Kind: "Pod", Namespace: "shop", Name: "other", Pods: 1}, opening(suggested, ""))
	if again, ok := l.Suggest("shop", "web"); !ok || again == suggested {
		t.Errorf("%d is suggested although a pod opens it", again)
	}
}
