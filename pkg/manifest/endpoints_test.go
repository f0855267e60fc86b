package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// endpoints writes the slices of the service web as
// "FAMILY PORTS: POD CONDITIONS …", one to a line.
func endpoints(s *snapshot.Snapshot) string {
	var lines []string
	for _, slice := range s.SlicesOf("default", "web") {
		line := string(slice.AddressType)
		for _, port := range slice.Ports {
			line += fmt.Sprintf(" %s=%d/%s", *port.Name, *port.Port, *port.Protocol)
		}
		line += ":"
		for _, endpoint := range slice.Endpoints {
			if endpoint.TargetRef != nil {
				line += " " + endpoint.TargetRef.Name
			} else {
				line += " " + endpoint.Addresses[0]
			}
			line += map[bool]string{true: "", false: "(not ready)"}[*endpoint.Conditions.Ready]
			if c := endpoint.Conditions; c.Terminating != nil && *c.Terminating {
				line += map[bool]string{true: "(serving)", false: "(not serving)"}[*c.Serving]
			}
			if hints := endpoint.Hints; hints != nil {
				line += fmt.Sprint(hints.ForZones, hints.ForNodes)
			}
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestSlicesAreBuiltAsTheirControllerBuildsThem(t *testing.T) {
	const meta = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, labels: {app: web}%s}\nspec: {%s}\nstatus: {%s}\n---\n"
	const http = "containers: [{name: main, ports: [{name: http, containerPort: 300}]}]"
	running := func(ip string) string {
		return "phase: Running, podIP: " + ip + ", podIPs: [{ip: " + ip + "}], conditions: [{type: Ready, status: 'True'}]"
	}
	plain := fmt.Sprintf(meta, "a", "", http, running("10.2.1.7"))
	unready := fmt.Sprintf(meta, "b", "", http, "phase: Running, podIP: 10.2.1.8")
	leaving := fmt.Sprintf(meta, "c", ", deletionTimestamp: '2026-01-02T03:04:05Z'", http, running("10.2.1.9"))
	service := func(spec string) string { return named("web", "{selector: {app: web}, "+spec+"}") }
	httpPort := "ports: [{name: front, port: 82, targetPort: http}]"
	zoned := "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {topology.kubernetes.io/zone: east}}\n---\n"
	onNode := fmt.Sprintf(meta, "a", "", "nodeName: n1, "+http, running("10.2.1.7"))
	tests := []struct{ name, text, want string }{
		{"a named port is looked up in the pod", service(httpPort) + plain, "IPv4 front=300/TCP: a"},
		{"a number is taken as it is", service("ports: [{port: 82, targetPort: 9}]") + plain, "IPv4 =9/TCP: a"},
		{"a name needs the same protocol", service("ports: [{name: front, port: 82, targetPort: http, protocol: UDP}]") + plain, "IPv4: a"},
		{"ports that a pod lacks are left out", service("ports: [{name: a, port: 1, targetPort: http}, {name: b, port: 2, targetPort: none}]") + plain, "IPv4 a=300/TCP: a"},
		{
			"a native sidecar's port counts",
			service(httpPort) + fmt.Sprintf(meta, "a", "", "initContainers: [{name: s, restartPolicy: Always, ports: [{name: http, containerPort: 7}]}]", running("10.2.1.7")),
			"IPv4 front=7/TCP: a",
		},
		{
			"an init container's port does not",
			service(httpPort) + fmt.Sprintf(meta, "a", "", "initContainers: [{name: s, ports: [{name: http, containerPort: 7}]}]", running("10.2.1.7")),
			"IPv4: a",
		},
		{
			"pods whose ports differ are in slices of their own",
			service(httpPort) + plain + fmt.Sprintf(meta, "d", "", strings.Replace(http, "300", "301", 1), running("10.2.1.10")),
			"IPv4 front=300/TCP: a\nIPv4 front=301/TCP: d",
		},
		{"pods that are not ready, or on their way out", service(httpPort) + plain + unready + leaving, "IPv4 front=300/TCP: a b(not ready) c(not ready)(serving)"},
		{"all are ready where the service says so", service("publishNotReadyAddresses: true, "+httpPort) + unready + leaving, "IPv4 front=300/TCP: b c(serving)"},
		{
			"pods that ended, or have no address yet, are none",
			service(httpPort) + fmt.Sprintf(meta, "a", "", http, "phase: Succeeded, podIP: 10.2.1.7") +
				fmt.Sprintf(meta, "b", "", http, "phase: Failed, podIP: 10.2.1.8") + fmt.Sprintf(meta, "c", "", http, "phase: Pending"),
			"IPv4:",
		},
		{"pods of another namespace are none", service(httpPort) + strings.Replace(plain, "name: a", "namespace: shop, name: a", 1), "IPv4:"},
		{
			"each family has a slice",
			service("ipFamilyPolicy: RequireDualStack, "+httpPort) + fmt.Sprintf(meta, "a", "", http, running("10.2.1.7")+"") +
				fmt.Sprintf(meta, "b", "", http, strings.Replace(running("10.2.1.8"), "}]", "}, {ip: 'FD00::8'}]", 1)),
			"IPv4 front=300/TCP: a b\nIPv6 front=300/TCP: b",
		},
		{"no selector, no slices", named("web", "{ports: [{port: 82}]}") + plain, ""},
		{"an external name, no slices", service("type: ExternalName, externalName: web.example") + plain, ""},
		{
			"slices in the manifests are kept",
			service(httpPort) + plain + "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: x, labels: {kubernetes.io/service-name: web}}\n" +
				"addressType: IPv4\nendpoints: [{addresses: [10.9.9.9], conditions: {ready: true}}]\n",
			"IPv4: 10.9.9.9",
		},
		{
			"Endpoints are mirrored for a service without a selector",
			named("web", "{ports: [{port: 82}]}") + "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\nsubsets:\n" +
				"- {addresses: [{ip: 10.9.9.9}, {ip: 'fd00::9'}], notReadyAddresses: [{ip: 10.9.9.8}], ports: [{port: 300}]}\n",
			"IPv4 =300/TCP: 10.9.9.9 10.9.9.8(not ready)\nIPv6 =300/TCP: fd00::9",
		},
		{
			"unless they say not to",
			named("web", "{ports: [{port: 82}]}") + "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web, labels: {endpointslice.kubernetes.io/skip-mirror: 'true'}}\n" +
				"subsets: [{addresses: [{ip: 10.9.9.9}]}]\n", "",
		},
		{"traffic near in the zone", service("trafficDistribution: PreferSameZone, "+httpPort) + onNode + zoned, "IPv4 front=300/TCP: a[{east}] []"},
		{"traffic near on the node", service("trafficDistribution: PreferSameNode, "+httpPort) + onNode + zoned, "IPv4 front=300/TCP: a[{east}] [{n1}]"},
		{"traffic near without a zone is traffic everywhere", service("trafficDistribution: PreferSameZone, "+httpPort) + onNode, "IPv4 front=300/TCP: a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := endpoints(cluster(t, test.text)); got != test.want {
				t.Errorf("endpoints are\n%s, want\n%s", got, test.want)
			}
		})
	}
}
