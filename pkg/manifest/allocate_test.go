package manifest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/manifest"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/nodeport"
	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// named is a service with a spec in one line.
func named(name, spec string) string {
	return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + "}\nspec: " + spec + "\n---\n"
}

func TestNodePortsThatAreNotGivenAreChosen(t *testing.T) {
	_, dynamic := nodeport.Default().Bands()
	tests := []struct {
		name, spec string
		assumed    []string // names of ports
		check      func(ports []corev1.ServicePort) bool
	}{
		{
			"from the dynamic band", "{type: NodePort, ports: [{port: 82}]}", []string{""},
			func(p []corev1.ServicePort) bool { return dynamic.Contains(p[0].NodePort) },
		},
		{
			"one for each port", "{type: NodePort, ports: [{name: a, port: 82}, {name: b, port: 83}]}", []string{"a", "b"},
			func(p []corev1.ServicePort) bool {
				return p[0].NodePort != p[1].NodePort && dynamic.Contains(p[1].NodePort)
			},
		},
		{
			"beside those given", "{type: NodePort, ports: [{name: a, port: 82, nodePort: 30033}, {name: b, port: 83}]}", []string{"b"},
			func(p []corev1.ServicePort) bool { return p[0].NodePort == 30033 && dynamic.Contains(p[1].NodePort) },
		},
		{
			"one for two protocols of one port", "{type: NodePort, ports: [{name: t, port: 53}, {name: u, port: 53, protocol: UDP}]}", []string{"t", "u"},
			func(p []corev1.ServicePort) bool { return p[0].NodePort == p[1].NodePort && p[0].NodePort != 0 },
		},
		{
			"the one that the other protocol gives",
			"{type: NodePort, ports: [{name: t, port: 53}, {name: u, port: 53, protocol: UDP, nodePort: 30053}]}", []string{"t"},
			func(p []corev1.ServicePort) bool { return p[0].NodePort == 30053 },
		},
		{
			"for load balancers", "{type: LoadBalancer, ports: [{port: 82}]}", []string{""},
			func(p []corev1.ServicePort) bool { return dynamic.Contains(p[0].NodePort) },
		},
		{
			"but not for those that want none", "{type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{name: a, port: 82}, {name: b, port: 83, nodePort: 30033}]}", nil,
			func(p []corev1.ServicePort) bool { return p[0].NodePort == 0 && p[1].NodePort == 30033 },
		},
		{
			"nor for other types", "{ports: [{port: 82}]}", nil,
			func(p []corev1.ServicePort) bool { return p[0].NodePort == 0 },
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, assumed := readText(t, named("web", test.spec)).Snapshot(manifest.Defaults{})
			ports := s.Services[0].Spec.Ports
			if !test.check(ports) {
				t.Errorf("ports are %v", ports)
			}
			for _, port := range ports {
				ref := snapshot.Ref{Kind: "Service", Namespace: "default", Name: "web"}
				if want := slices.Contains(test.assumed, port.Name); assumed.NodePort(ref, port.Name) != want {
					t.Errorf("port %q assumed: %v", port.Name, !want)
				}
			}
		})
	}
}

func TestChosenNodePortsNeverCollide(t *testing.T) {
	var text strings.Builder
	const services, given = 40, 10
	for i := range services - given {
		text.WriteString(named(fmt.Sprintf("web-%d", i), "{type: NodePort, ports: [{port: 82}]}"))
	}
	// Those that are given come last in the files, and include the static band.
	for i := range given {
		text.WriteString(named(fmt.Sprintf("given-%d", i), fmt.Sprintf("{type: NodePort, ports: [{port: 82, nodePort: %d}]}", 30000+4*i)))
	}
	s, _ := readText(t, text.String()).Snapshot(manifest.Defaults{NodePorts: nodeport.Range{First: 30000, Last: 30038}})
	holders := make(map[int32]string)
	without := 0
	for _, service := range s.Services {
		port := service.Spec.Ports[0].NodePort
		switch {
		case port == 0:
			without++
		case holders[port] != "":
			t.Errorf("%s and %s both have %d", holders[port], service.Name, port)
		case port < 30000 || port > 30038:
			t.Errorf("%s has %d", service.Name, port)
		}
		holders[port] = service.Name
	}
	if want := services - 39; without != want {
		t.Errorf("%d services are left without a port, want %d", without, want)
	}
}

func TestTheOrderOfTheFilesDoesNotDecideWhoGetsWhichPort(t *testing.T) {
	a, b := named("a", "{type: NodePort, ports: [{port: 82}]}"), named("b", "{type: NodePort, ports: [{port: 82}]}")
	small := manifest.Defaults{NodePorts: nodeport.Range{First: 30000, Last: 30001}}
	one, _ := readText(t, a+b).Snapshot(small)
	other, _ := readText(t, b+a).Snapshot(small)
	for _, name := range []string{"a", "b"} {
		if x, y := one.Service("default", name).Spec, other.Service("default", name).Spec; x.Ports[0].NodePort != y.Ports[0].NodePort || x.ClusterIP != y.ClusterIP {
			t.Errorf("%s has %d or %d", name, x.Ports[0].NodePort, y.Ports[0].NodePort)
		}
	}
}

func TestHealthCheckNodePorts(t *testing.T) {
	s, _ := readText(t, named("web", "{type: LoadBalancer, externalTrafficPolicy: Local}")).Snapshot(manifest.Defaults{})
	if s.Services[0].Spec.HealthCheckNodePort == 0 {
		t.Error("a load balancer for local traffic has no health check node port")
	}
	s, _ = readText(t, named("web", "{type: NodePort, externalTrafficPolicy: Local}")).Snapshot(manifest.Defaults{})
	if s.Services[0].Spec.HealthCheckNodePort != 0 {
		t.Error("a node port service has a health check node port")
	}
}

func TestClusterIPsAndFamilies(t *testing.T) {
	const node4 = "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: [{type: InternalIP, address: 10.1.11.4}]}\n---\n"
	dualNode := strings.Replace(node4, "}]}", "}, {type: InternalIP, address: 'fd00::4'}]}", 1)
	node6 := strings.Replace(node4, "10.1.11.4", "'fd00::4'", 1)
	tests := []struct{ name, nodes, spec, families, network string }{
		{"IPv4 when nothing tells", "", "{}", "[IPv4]", "10.3."},
		{"IPv6 where the nodes have nothing else", node6, "{}", "[IPv6]", "fd00:10:3::"},
		{"one family where two could be", dualNode, "{}", "[IPv4]", "10.3."},
		{"two where the service prefers them and the nodes have them", dualNode, "{ipFamilyPolicy: PreferDualStack}", "[IPv4 IPv6]", "10.3."},
		{"one where the service prefers two and the nodes have one", node4, "{ipFamilyPolicy: PreferDualStack}", "[IPv4]", "10.3."},
		{"two where the service insists", "", "{ipFamilyPolicy: RequireDualStack}", "[IPv4 IPv6]", "10.3."},
		{"the family given first", "", "{ipFamilies: [IPv6], ipFamilyPolicy: RequireDualStack}", "[IPv6 IPv4]", "fd00:10:3::"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, _ := readText(t, test.nodes+named("web", test.spec)).Snapshot(manifest.Defaults{})
			spec := s.Services[0].Spec
			if got := fmt.Sprint(spec.IPFamilies); got != test.families || len(spec.ClusterIPs) != len(spec.IPFamilies) {
				t.Errorf("families are %s and addresses %v, want %s", got, spec.ClusterIPs, test.families)
			}
			if !strings.HasPrefix(spec.ClusterIP, test.network) || spec.ClusterIP != spec.ClusterIPs[0] {
				t.Errorf("the cluster IP is %s of %v", spec.ClusterIP, spec.ClusterIPs)
			}
		})
	}
}
