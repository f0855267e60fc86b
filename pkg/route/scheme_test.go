package route

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestScheme(t *testing.T) {
	type port = corev1.ServicePort
	for _, test := range []struct {
		name string
		port port
		want string
	}{
		{"port 80 without a name", port{Port: 80}, "http"},
		{"port 8080 without a name", port{Port: 8080}, "http"},
		{"port 8000 without a name", port{Port: 8000}, "http"},
		{"port 443 without a name", port{Port: 443}, "https"},
		{"port 8443 without a name", port{Port: 8443}, "https"},
		{"any other port without a name", port{Port: 82}, ""},
		{"port 80 with a name that is not of HTTP", port{Port: 80, Name: "db"}, ""},
		{"by the port's name", port{Port: 82, Name: "http"}, "http"},
		{"by a word in the port's name", port{Port: 82, Name: "web-admin"}, "http"},
		{"https is not http", port{Port: 82, Name: "https-admin"}, "https"},
		{"https before http", port{Port: 82, Name: "http-to-https"}, "https"},
		{"HTTP/2", port{Port: 82, Name: "http2"}, "http"},
		{"in capitals, which a manifest may hold", port{Port: 82, Name: "HTTP"}, "http"},
		{"not by a part of a word", port{Port: 82, Name: "webhook"}, ""},
		{"by the target's name", port{Port: 82, TargetPort: intstr.FromString("https")}, "https"},
		{"by the target's name although the port has another", port{Port: 82, Name: "main", TargetPort: intstr.FromString("http")}, "http"},
		{"the port's name before the target's", port{Port: 82, Name: "https", TargetPort: intstr.FromString("http")}, "https"},
		{"by the application protocol", port{Port: 82, AppProtocol: new("HTTP")}, "http"},
		{"by TLS", port{Port: 82, AppProtocol: new("tls")}, "https"},
		{"by one of Kubernetes' own", port{Port: 82, AppProtocol: new("kubernetes.io/h2c")}, "http"},
		{"by its secure web sockets", port{Port: 82, AppProtocol: new("kubernetes.io/wss")}, "https"},
		{"the application protocol before name and number", port{Port: 80, Name: "http", AppProtocol: new("redis")}, ""},
		{"never for UDP", port{Port: 80, Name: "http", Protocol: corev1.ProtocolUDP}, ""},
		{"never for SCTP", port{Port: 443, AppProtocol: new("https"), Protocol: corev1.ProtocolSCTP}, ""},
		{"for TCP when it is said", port{Port: 80, Protocol: corev1.ProtocolTCP}, "http"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := scheme(&test.port); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestURL(t *testing.T) {
	for _, test := range []struct {
		scheme, host, url, hostPort string
	}{
		{"http", "10.1.11.4", "http://10.1.11.4:30033", "10.1.11.4:30033"},
		{"https", "fd00::4", "https://[fd00::4]:30033", "[fd00::4]:30033"},
		{"", "node-a", "", "node-a:30033"},
	} {
		port, address := Port{NodePort: 30033, Scheme: test.scheme}, Address{Host: test.host}
		if got := port.URL(&address); got != test.url {
			t.Errorf("URL: got %q, want %q", got, test.url)
		}
		if got := address.HostPort(port.NodePort); got != test.hostPort {
			t.Errorf("HostPort: got %q, want %q", got, test.hostPort)
		}
	}
}
