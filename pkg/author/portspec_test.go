package author

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestParsePort(t *testing.T) {
	number, name := intstr.FromInt32, intstr.FromString
	tests := []struct {
		in   string
		want PortSpec
		err  string
	}{
		{in: "300", want: PortSpec{Target: number(300)}},
		{in: "http", want: PortSpec{Target: name("http")}},
		{in: "82:300", want: PortSpec{Port: 82, Target: number(300)}},
		{in: "30033:82:300", want: PortSpec{NodePort: 30033, Port: 82, Target: number(300)}},
		{in: "web=30033:82:http/sctp", want: PortSpec{Name: "web", NodePort: 30033, Port: 82, Target: name("http"), Protocol: corev1.ProtocolSCTP}},
		{in: "dns-udp=53/Udp", want: PortSpec{Name: "dns-udp", Target: number(53), Protocol: corev1.ProtocolUDP}},
		{in: "65535", want: PortSpec{Target: number(65535)}},
		{in: "0300", want: PortSpec{Target: number(300)}},

		{in: "", err: `port "": the target port is missing`},
		{in: "82:", err: `port "82:": the target port is missing`},
		{in: ":300", err: `port ":300": the service port is missing`},
		{in: ":82:300", err: `port ":82:300": the node port is missing`},
		{in: "30033:82:99999", err: `port "30033:82:99999": target port 99999 is not between 1 and 65535`},
		{in: "30033:0:300", err: `port "30033:0:300": service port 0 is not between 1 and 65535`},
		{in: "300333:82:300", err: `port "300333:82:300": node port 300333 is not between 1 and 65535`},
		{in: "http:80", err: `port "http:80": service port "http" is not a number between 1 and 65535`},
		{in: "-1:80", err: `port "-1:80": service port "-1" is not a number between 1 and 65535`},
		{in: "1:2:3:4", err: `port "1:2:3:4": it has more parts than NODEPORT:PORT:TARGETPORT`},
		{in: "HTTP", err: `port "HTTP": target port "HTTP" is neither a number between 1 and 65535 nor the name of a container port, which must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`},
		{in: "a-name-of-16-chars", err: `port "a-name-of-16-chars": target port "a-name-of-16-chars" is neither a number between 1 and 65535 nor the name of a container port, which must be no more than 15 characters`},
		{in: "=80", err: `port "=80": the name before "=" is missing`},
		{in: "my_web=80", err: `port "my_web=80": name "my_web" is not valid: use at most 63 lower-case letters, digits and '-', and begin and end with a letter or digit`},
		{in: "80/http", err: `port "80/http": protocol "http" is not "TCP", "UDP" or "SCTP"`},
		{in: "80/quic", err: `port "80/quic": protocol "quic" is not "TCP", "UDP" or "SCTP"`},
		{in: "80/tpc", err: `port "80/tpc": protocol "tpc" is not "TCP", "UDP" or "SCTP"; did you mean "TCP"?`},
		{in: "80/", err: `port "80/": the protocol after "/" is missing`},
		{in: "٣٠٠", err: `port "٣٠٠": target port "٣٠٠" is neither a number between 1 and 65535 nor the name of a container port, which must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			got, err := ParsePort(test.in)
			checkError(t, err, test.err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParsePort(f *testing.F) {
	for _, seed := range []string{"300", "82:300", "30033:82:300", "web=30033:82:http/UDP", "http", "=:/", "a=b=1/tcp/udp"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		spec, err := ParsePort(s)
		if err != nil {
			if spec != (PortSpec{}) {
				t.Errorf("%q: error %q comes with %+v", s, err, spec)
			}
			return
		}
		again, err := ParsePort(spec.String())
		if err != nil || again != spec {
			t.Errorf("%q is %+v; %q is %+v, %v", s, spec, spec.String(), again, err)
		}
	})
}
