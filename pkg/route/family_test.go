package route

import (
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestPacketFlowByFamily(t *testing.T) {
	both := clusterIPsOf("10.3.11.5", "fd00::5")
	for _, flow := range []packetFlow{
		{
			name:      "IPv6 client to a service that has IPv4 only",
			family:    IPv6,
			endpoints: endpoints{ready("10.2.1.7", "node-a")},
			want:      "closed: service has no IPv6",
		}, {
			name:      "IPv4 client to a service that has IPv6 only",
			service:   clusterIPsOf("fd00::5"),
			endpoints: endpoints{ready("fd00:2::7", "node-a")},
			want:      "closed: service has no IPv4",
		}, {
			name:      "IPv6 client to a dual-stack service gets IPv6 endpoints",
			service:   both,
			family:    IPv6,
			endpoints: endpoints{ready("10.2.1.7", "node-a"), ready("fd00:2::7", "node-a")},
			want:      "forward [fd00:2::7]:300",
		}, {
			name:      "IPv4 client to a dual-stack service gets IPv4 endpoints",
			service:   both,
			endpoints: endpoints{ready("10.2.1.7", "node-a"), ready("fd00:2::7", "node-a")},
			want:      "forward 10.2.1.7:300",
		}, {
			name:      "a dual-stack service without endpoints of the client's family",
			service:   both,
			family:    IPv6,
			endpoints: endpoints{ready("10.2.1.7", "node-a")},
			want:      "refuse: no endpoints",
		}, {
			name:      "an endpoint of the other family is none elsewhere",
			service:   func(s *corev1.Service) { both(s); externalLocal(s) },
			family:    IPv6,
			endpoints: endpoints{ready("10.2.2.8", "node-b")},
			want:      "refuse: no endpoints",
		}, {
			name:      "hints of the other family do not matter",
			service:   both,
			endpoints: endpoints{ready("10.2.1.7", "", forZones("zone-1")), ready("10.2.2.8", "", forZones("zone-2")), ready("fd00:2::7", "")},
			want:      "forward 10.2.1.7:300",
		}, {
			name:      "an IPv4-mapped endpoint is an IPv4 one",
			endpoints: endpoints{ready("::ffff:10.2.1.7", "node-a")},
			want:      "forward 10.2.1.7:300",
		}, {
			name:    "a service without a cluster IP",
			service: func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.ClusterIPs = "", nil },
			want:    "closed: service has no IPv4",
		}, {
			name:      "a service with the old field for its cluster IP alone",
			service:   func(s *corev1.Service) { s.Spec.ClusterIPs = nil },
			endpoints: endpoints{ready("10.2.1.7", "node-a")},
			want:      "forward 10.2.1.7:300",
		},
	} {
		t.Run(flow.name, flow.run)
	}
}

func TestPacketFlowOfIgnoredServices(t *testing.T) {
	for _, flow := range []packetFlow{
		{
			name: "a service that another proxy claims",
			service: func(s *corev1.Service) {
				s.Labels = map[string]string{"service.kubernetes.io/service-proxy-name": "mine"}
			},
			want: "closed: left to service proxy mine",
		}, {
			name:    "a service with an empty name of another proxy",
			service: func(s *corev1.Service) { s.Labels = map[string]string{"service.kubernetes.io/service-proxy-name": ""} },
			want:    "closed: left to service proxy ",
		}, {
			name:    "a headless service, which the API server refuses",
			service: clusterIPsOf("None"),
			want:    "closed: headless",
		},
	} {
		flow.endpoints = endpoints{ready("10.2.1.7", "node-a")}
		t.Run(flow.name, flow.run)
	}
}

func TestFamilyOf(t *testing.T) {
	for ip, want := range map[string]Family{"10.1.11.4": IPv4, "::ffff:10.1.11.4": IPv4, "fd00::4": IPv6, "::1": IPv6} {
		if got := FamilyOf(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s: got %s, want %s", ip, got, want)
		}
	}
}
