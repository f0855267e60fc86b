package author

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// lines writes service ports as the user types them, one a line; a dash stands
// for what the API server chooses or does not need.
func lines(ports []corev1.ServicePort) string {
	var s strings.Builder
	for _, p := range ports {
		nodePort := "-"
		if p.NodePort != 0 {
			nodePort = fmt.Sprint(p.NodePort)
		}
		fmt.Fprintf(&s, "%s=%s:%d:%s", p.Name, nodePort, p.Port, p.TargetPort.String())
		if p.Protocol != "" {
			fmt.Fprintf(&s, "/%s", p.Protocol)
		}
		if p.AppProtocol != nil {
			fmt.Fprintf(&s, " %s", *p.AppProtocol)
		}
		s.WriteByte('\n')
	}
	return s.String()
}

// podOf is a pod spec with one container for each list of ports.
func podOf(containers ...[]corev1.ContainerPort) corev1.PodSpec {
	var pod corev1.PodSpec
	for i, ports := range containers {
		pod.Containers = append(pod.Containers, corev1.Container{Name: fmt.Sprint("c", i), Ports: ports})
	}
	return pod
}

func withInit(pod corev1.PodSpec, policy *corev1.ContainerRestartPolicy, ports ...corev1.ContainerPort) corev1.PodSpec {
	pod.InitContainers = append(pod.InitContainers, corev1.Container{Name: "init", RestartPolicy: policy, Ports: ports})
	return pod
}

// list makes a container's ports of single ones.
func list(ports ...corev1.ContainerPort) []corev1.ContainerPort { return ports }

func TestDeclaredPorts(t *testing.T) {
	always, onFailure := corev1.ContainerRestartPolicyAlways, corev1.ContainerRestartPolicyOnFailure
	hostPort := port("http", 300)
	hostPort.HostPort = 8300
	const udp, sctp = corev1.ProtocolUDP, corev1.ProtocolSCTP
	tests := []struct {
		name string
		pod  corev1.PodSpec
		want string
		err  string
	}{
		{name: "a single port without a name needs none",
			pod: podOf(list(port("", 8080))), want: "=-:8080:8080\n"},
		{name: "a single port keeps its name, which is the target too",
			pod: podOf(list(port("http", 300))), want: "http=-:300:http\n"},
		{name: "every port of every container is exposed, in order",
			pod:  podOf(list(port("http", 300), port("admin", 301)), list(port("metrics", 9090))),
			want: "http=-:300:http\nadmin=-:301:admin\nmetrics=-:9090:metrics\n"},
		{name: "ports without names get one when there are several",
			pod:  podOf(list(port("", 300), port("", 53, udp), port("", 400, sctp))),
			want: "tcp-300=-:300:300\nudp-53=-:53:53/UDP\nsctp-400=-:400:400/SCTP\n"},
		{name: "a made name makes way for a declared one",
			pod:  podOf(list(port("tcp-300", 301), port("", 300))),
			want: "tcp-300=-:301:tcp-300\ntcp-300-2=-:300:300\n"},
		{name: "native sidecars count, other init containers do not",
			pod: withInit(withInit(withInit(podOf(list(port("http", 300))), &always, port("proxy", 15001)),
				nil, port("migrate", 1)), &onFailure, port("retry", 2)),
			want: "http=-:300:http\nproxy=-:15001:proxy\n"},
		{name: "a port that two containers declare is exposed once, with the name of either",
			pod:  podOf(list(port("", 300)), list(port("http", 300), port("", 300, udp))),
			want: "http=-:300:http\nudp-300=-:300:300/UDP\n"},
		{name: "of two names for one port the first is taken",
			pod:  podOf(list(port("http", 300)), list(port("web", 300))),
			want: "http=-:300:http\n"},
		{name: "a name that stands for two numbers is no target",
			pod:  podOf(list(port("http", 300)), list(port("http", 400))),
			want: "http=-:300:300\nhttp-400=-:400:400\n"},
		{name: "a name shared by two protocols is a target for each",
			pod:  podOf(list(port("dns", 53)), list(port("dns", 53, udp))),
			want: "dns=-:53:dns\ndns-udp=-:53:dns/UDP\n"},
		{name: "names of manifests that no API server has seen are made valid",
			pod:  podOf(list(port("My_Web", 300), port("__", 301))),
			want: "my-web=-:300:300\ntcp-301=-:301:301\n"},
		{name: "a name is cut to leave room for what tells it apart",
			pod:  podOf(list(port(strings.Repeat("a", 63), 300)), list(port(strings.Repeat("a", 63), 301))),
			want: strings.Repeat("a", 52) + "=-:300:300\n" + strings.Repeat("a", 52) + "-301=-:301:301\n"},
		{name: "hostPort is no concern of a service",
			pod: podOf(list(hostPort)), want: "http=-:300:http\n"},
		{name: "a pod without ports is asked for one",
			pod: podOf(nil), err: "deployment/web declares no port; give the port that it listens on with --port, such as --port 80:8080"},
		{name: "a number that no port has",
			pod: podOf(list(port("", 99999))), err: "port 99999 of deployment/web is not between 1 and 65535"},
		{name: "a port without a number",
			pod: podOf(list(port("", 0))), err: "port 0 of deployment/web is not between 1 and 65535"},
		{name: "a protocol that no service has",
			pod: podOf(list(port("", 80, "HTTP"))), err: `port 80 of deployment/web: protocol "HTTP" is not "TCP", "UDP" or "SCTP"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkPorts(t, test.pod, Options{}, test.want, test.err)
		})
	}
}

// checkPorts authors from a Deployment "web" with these pods.
func checkPorts(t *testing.T, pod corev1.PodSpec, options Options, want, wantErr string) {
	t.Helper()
	source := Source{Ref: snapshot.Ref{Kind: "Deployment", Name: "web"}, Name: "web", Selector: labels{"app": "web"}, Pod: pod}
	service, err := Service(source, options)
	checkError(t, err, wantErr)
	got := ""
	if service != nil {
		got = lines(service.Spec.Ports)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWantedPorts(t *testing.T) {
	web := podOf(list(port("http", 300), port("admin", 301)), list(port("dns", 53, corev1.ProtocolUDP), port("dns", 53), port("quic", 443, corev1.ProtocolUDP)))
	tests := []struct {
		name, ports string
		nodePort    int32
		want, err   string
	}{
		{name: "a number stays the target, and its port's name is taken", ports: "30033:82:300", want: "http=30033:82:300\n"},
		{name: "a name stays the target", ports: "82:http", want: "http=-:82:http\n"},
		{name: "a name alone is exposed under its number", ports: "admin", want: "admin=-:301:admin\n"},
		{name: "a number that is not declared is allowed", ports: "8080", want: "=-:8080:8080\n"},
		{name: "the user's name stands above the declared one", ports: "web=http", want: "web=-:300:http\n"},
		{name: "the protocol is the declared one", ports: "quic", want: "quic=-:443:quic/UDP\n"},
		{name: "the protocol is TCP if several are declared", ports: "5353:dns", want: "dns=-:5353:dns\n"},
		{name: "the user's protocol picks the declaration", ports: "5353:dns/udp", want: "dns=-:5353:dns/UDP\n"},
		{name: "the user's protocol may differ from that of a number", ports: "300/UDP", want: "=-:300:300/UDP\n"},
		{name: "one port under two numbers has two names", ports: "82:300 83:300", want: "http=-:82:300\nhttp-83=-:83:300\n"},
		{name: "a declared name makes way for the user's", ports: "82:300 http=83:301", want: "http-82=-:82:300\nhttp=-:83:301\n"},
		{name: "the user's names must differ", ports: "a=80 a=81", err: `two ports are named "a"; names must differ`},
		{name: "a name that is not declared", ports: "82:web",
			err: `port "82:web": deployment/web declares no port named "web"; it declares "http" (300/TCP), "admin" (301/TCP), "dns" (53/UDP), "dns" (53/TCP), "quic" (443/UDP)`},
		{name: "a name that is declared for another protocol", ports: "quic/TCP",
			err: `port "quic/TCP": deployment/web declares no TCP port named "quic"; it declares "http" (300/TCP), "admin" (301/TCP), "dns" (53/UDP), "dns" (53/TCP), "quic" (443/UDP)`},
		{name: "a service port twice", ports: "82:300 82:301", err: "service port 82/TCP is used twice; give each port its own number with --port PORT:TARGETPORT"},

		{name: "a node port for the only port", ports: "82:300", nodePort: 30033, want: "http=30033:82:300\n"},
		{name: "a node port for both protocols of the only port", ports: "53:dns 53:dns/UDP", nodePort: 30053,
			want: "dns=30053:53:dns\ndns-udp=30053:53:dns/UDP\n"},
		{name: "a node port for one of several ports", ports: "82:300 83:301", nodePort: 30033,
			err: "--node-port 30033 is ambiguous, because the service has 2 ports; use --port NODEPORT:PORT:TARGETPORT, such as --port 30033:82:300"},
		{name: "a node port given twice", ports: "30033:82:300", nodePort: 30034,
			err: "--node-port 30034 conflicts with node port 30033 of --port; use one of them"},
		{name: "protocols of one service port share a node port, also with an earlier one", ports: "53:dns 30053:53:dns/UDP",
			want: "dns=30053:53:dns\ndns-udp=30053:53:dns/UDP\n"},
		{name: "protocols of one service port may be given the same node port", ports: "30053:53:dns 30053:53:dns/UDP",
			want: "dns=30053:53:dns\ndns-udp=30053:53:dns/UDP\n"},
		{name: "protocols of one service port may have different node ports", ports: "30053:53:dns 30054:53:dns/UDP",
			want: "dns=30053:53:dns\ndns-udp=30054:53:dns/UDP\n"},
		{name: "a node port twice for one protocol", ports: "30033:82:300 30033:83:301", err: "node port 30033/TCP is used twice"},
		{name: "protocols of different service ports cannot share a node port", ports: "30053:53:dns 30053:54:dns/UDP",
			err: "node port 30053 cannot serve both service ports 53/TCP and 54/UDP; only ports of the same number can share one"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			options := Options{NodePort: test.nodePort}
			for _, s := range strings.Fields(test.ports) {
				options.Ports = append(options.Ports, spec(t, s))
			}
			checkPorts(t, web, options, test.want, test.err)
		})
	}
}

func TestNamedTargetOfAPodWithoutNames(t *testing.T) {
	checkPorts(t, podOf(list(port("", 300))), Options{Ports: []PortSpec{spec(t, "http")}}, "",
		`port "http": deployment/web declares no port named "http"; it declares 300/TCP`)
	checkPorts(t, podOf(nil), Options{Ports: []PortSpec{spec(t, "http")}}, "",
		`port "http": deployment/web declares no ports, so the name "http" cannot be resolved; give the port's number`)
}

func TestTargetsOfABarePodDependOnThePodsBesideIt(t *testing.T) {
	app := labels{"app": "web"}
	pod := newPod("web-a", app, port("http", 300))
	failed, succeeded := newPod("web-b", app), newPod("web-b", app)
	failed.Status.Phase, succeeded.Status.Phase = corev1.PodFailed, corev1.PodSucceeded
	tests := []struct {
		name     string
		beside   *corev1.Pod
		selector labels
		want     string
	}{
		{"a name that every pod carries is the target, whatever its number", newPod("web-b", app, port("http", 8080)), nil, "http=-:300:http\n"},
		{"a name that another pod lacks is no target", newPod("web-b", app), nil, "http=-:300:300\n"},
		{"a name that another pod has for UDP is no target", newPod("web-b", app, port("http", 300, corev1.ProtocolUDP)), nil, "http=-:300:300\n"},
		{"a pod that has failed does not count", failed, nil, "http=-:300:http\n"},
		{"a pod that has succeeded does not count", succeeded, nil, "http=-:300:http\n"},
		{"a pod that the selector does not match does not count", newPod("db", labels{"app": "db"}), nil, "http=-:300:http\n"},
		{"the user's selector decides which pods count", newPod("db", labels{"app": "db"}), labels{"app": "db"}, "http=-:300:300\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &snapshot.Snapshot{Pods: []*corev1.Pod{pod, test.beside}}
			service, err := Service(FromPod(s, pod), Options{Selector: test.selector})
			checkError(t, err, "")
			if diff := cmp.Diff(test.want, lines(service.Spec.Ports)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAppProtocols(t *testing.T) {
	two := podOf(list(port("http", 300), port("admin", 301)))
	tests := []struct {
		name, flags string
		pod         corev1.PodSpec
		want, err   string
	}{
		{name: "the only port needs no name", flags: "http", pod: podOf(list(port("web", 300))), want: "web=-:300:web http\n"},
		{name: "ports are found by name", flags: "http=kubernetes.io/ws admin=http", pod: two, want: "http=-:300:http kubernetes.io/ws\nadmin=-:301:admin http\n"},
		{name: "several ports need names", flags: "http", pod: two,
			err: `application protocol "http" does not name one of the ports "http", "admin"; write NAME=http`},
		{name: "a port that is not there", flags: "web=http", pod: two,
			err: `application protocol "web=http": no port has that name; the ports are "http", "admin"`},
		{name: "a port with two", flags: "http=a http=b", pod: two, err: `application protocol "http=b": the port has another one already`},
		{name: "no protocol at all", flags: "http=", pod: two, err: `application protocol "http=": name part must be non-empty`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			protocols, err := ParseAppProtocols(strings.Fields(test.flags))
			if err != nil {
				checkError(t, err, test.err)
				return
			}
			checkPorts(t, test.pod, Options{AppProtocols: protocols}, test.want, test.err)
		})
	}
}
