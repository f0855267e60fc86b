package route

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

type slicesOf = []*discoveryv1.EndpointSlice

func TestEndpointsOfAPort(t *testing.T) {
	web := ready("10.2.1.7", "node-a")
	for _, test := range []struct {
		name   string
		port   func(*corev1.ServicePort)
		slices slicesOf
		want   string
	}{
		{
			name:   "by the name of the port, not its number",
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) { s.Ports[0].Port = new(int32(8080)) })},
			want:   " 10.2.1.7:8080",
		}, {
			name:   "a slice with another port name has none",
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) { s.Ports[0].Name = new("https") })},
		}, {
			name:   "a slice with the same port name and another protocol has none",
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) { s.Ports[0].Protocol = new(corev1.ProtocolUDP) })},
		}, {
			name: "a UDP port has those of the UDP slice",
			port: func(p *corev1.ServicePort) { p.Protocol = corev1.ProtocolUDP },
			slices: slicesOf{
				slice(web),
				changed(slice(ready("10.2.2.8", "")), func(s *discoveryv1.EndpointSlice) { s.Ports[0].Protocol = new(corev1.ProtocolUDP) }),
			},
			want: " 10.2.2.8:300",
		}, {
			name:   "an absent port name is that of an unnamed port",
			port:   func(p *corev1.ServicePort) { p.Name = "" },
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) { s.Ports[0].Name = nil })},
			want:   " 10.2.1.7:300",
		}, {
			name:   "an absent protocol is TCP, on both sides",
			port:   func(p *corev1.ServicePort) { p.Protocol = "" },
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) { s.Ports[0].Protocol = nil })},
			want:   " 10.2.1.7:300",
		}, {
			name:   "a slice without ports: the target's name is on no container",
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) { s.Ports = nil })},
		}, {
			name:   "a slice port without a number",
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) { s.Ports[0].Port = nil })},
		}, {
			name:   "a slice port with number 0",
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) { s.Ports[0].Port = new(int32(0)) })},
		}, {
			name: "pods may resolve one target name to different numbers",
			slices: slicesOf{
				slice(ready("10.2.2.8", "")),
				changed(slice(web), func(s *discoveryv1.EndpointSlice) { s.Ports[0].Port = new(int32(301)) }),
			},
			want: " 10.2.1.7:301 10.2.2.8:300",
		}, {
			name: "names of DNS are no addresses",
			slices: slicesOf{changed(slice(ready("web.example.com", "")), func(s *discoveryv1.EndpointSlice) {
				s.AddressType = discoveryv1.AddressTypeFQDN
			})},
		}, {
			name: "nor is an IP address in a slice of DNS names",
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) {
				s.AddressType = discoveryv1.AddressTypeFQDN
			})},
		}, {
			name: "a slice that says it is of a headless service, which kube-proxy does not watch",
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) {
				s.Labels[corev1.IsHeadlessService] = ""
			})},
		}, {
			name:   "an endpoint without address, or with one that is none, is passed over",
			slices: slicesOf{slice(discoveryv1.Endpoint{}, ready("nowhere", ""), web)},
			want:   " 10.2.1.7:300",
		}, {
			name: "only the first address of an endpoint counts",
			slices: slicesOf{slice(ready("10.2.1.7", "", func(e *discoveryv1.Endpoint) {
				e.Addresses = append(e.Addresses, "10.2.1.8")
			}))},
			want: " 10.2.1.7:300",
		}, {
			name:   "two slices are one list",
			slices: slicesOf{slice(ready("10.2.2.8", "")), slice(web)},
			want:   " 10.2.1.7:300 10.2.2.8:300",
		}, {
			name:   "an endpoint that is moved from one slice to another is in both, and counts once",
			slices: slicesOf{slice(web), slice(web)},
			want:   " 10.2.1.7:300",
		}, {
			name: "a slice of another service",
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) {
				s.Labels[discoveryv1.LabelServiceName] = "api"
			})},
		}, {
			name:   "a slice of another namespace",
			slices: slicesOf{changed(slice(web), func(s *discoveryv1.EndpointSlice) { s.Namespace = "test" })},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := service()
			if test.port != nil {
				test.port(&s.Spec.Ports[0])
			}
			_, port := only(t, tableOf(s, test.slices...))
			if diff := cmp.Diff(test.want, addressList(port.Endpoints)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAddressThatIsListedTwice(t *testing.T) {
	old, young := serving("10.2.1.7", "node-a", pod("web-old")), ready("10.2.1.7", "node-b", pod("web-young"))
	for _, test := range []struct {
		name   string
		slices slicesOf
		want   string
	}{
		{name: "a pod comes before one that is going and had its address", slices: slicesOf{slice(old, young)}, want: "web-young"},
		{name: "in whatever order they are listed", slices: slicesOf{slice(young, old)}, want: "web-young"},
		{name: "and over two slices", slices: slicesOf{slice(old), slice(young)}, want: "web-young"},
		{name: "in whatever order these are read", slices: slicesOf{slice(young), slice(old)}, want: "web-young"},
		{name: "of two that are going the first stays", slices: slicesOf{slice(old), slice(gone("10.2.1.7", ""))}, want: "web-old"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, port := only(t, tableOf(service(), test.slices...))
			if len(port.Endpoints) != 1 || port.Endpoints[0].Pod != test.want {
				t.Errorf("got %+v, want only %s", port.Endpoints, test.want)
			}
		})
	}
}

func pod(name string) func(*discoveryv1.Endpoint) {
	return func(e *discoveryv1.Endpoint) { e.TargetRef = &corev1.ObjectReference{Kind: "Pod", Name: name} }
}

func TestEndpointKeepsWhatItsSliceSays(t *testing.T) {
	of := []discoveryv1.Endpoint{
		serving("10.2.1.7", "node-a", pod("web-1"), forNodes("node-a"), forZones("zone-1", "zone-2")),
		ready("10.2.1.8", "", func(e *discoveryv1.Endpoint) { e.TargetRef = &corev1.ObjectReference{Kind: "VM", Name: "db"} }),
	}
	_, port := only(t, tableOf(service(), slice(of...)))
	want := []Endpoint{
		{
			Address: netip.MustParseAddrPort("10.2.1.7:300"), Node: "node-a", Pod: "web-1", Serving: true, Terminating: true,
			ForNodes: []string{"node-a"}, ForZones: []string{"zone-1", "zone-2"},
		},
		{Address: netip.MustParseAddrPort("10.2.1.8:300"), Ready: true, Serving: true},
	}
	if diff := cmp.Diff(want, port.Endpoints, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := port.ReadyEndpoints(); got != 1 {
		t.Errorf("%d of them are ready, want 1", got)
	}
}
