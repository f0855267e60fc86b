package check

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/kubernetes"
)

// What API servers of different versions say of the same service; version 0 is
// one that is not known.
func TestFindingsDependOnTheVersion(t *testing.T) {
	distribution := func(value string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.TrafficDistribution = &value }
	}
	externalIP := func(ip string) func(*corev1.Service) {
		return func(s *corev1.Service) { s.Spec.ExternalIPs = []string{ip} }
	}
	ranges := func(r string) func(*corev1.Service) {
		return func(s *corev1.Service) {
			s.Spec.Type = corev1.ServiceTypeLoadBalancer
			s.Spec.LoadBalancerSourceRanges = []string{r}
		}
	}
	digit := func(s *corev1.Service) { s.Name = "3scale" }
	kubelet := func(s *corev1.Service) {
		s.Spec.Type, s.Spec.Ports[0].Port = corev1.ServiceTypeLoadBalancer, 10250
	}
	const closeRenamed = "warning: traffic distribution PreferClose is deprecated: it was renamed to PreferSameZone"
	for name, test := range map[string]struct {
		change func(*corev1.Service)
		ids    string
		want   map[kubernetes.Version]string
	}{
		"a name with a digit": {digit, "NP001", map[kubernetes.Version]string{
			0:  "info: the name 3scale starts with a digit, which Kubernetes before 1.36 refuses for a service",
			33: "error: the name 3scale starts with a digit, which Kubernetes 1.33 refuses for a service",
			35: "error: the name 3scale starts with a digit, which Kubernetes 1.35 without feature gate RelaxedServiceNameValidation refuses for a service",
			36: "", 37: "",
		}},
		"PreferSameZone": {distribution("PreferSameZone"), "NP018 NP504", map[kubernetes.Version]string{
			0:  "",
			30: "warning: Kubernetes 1.30 without feature gate ServiceTrafficDistribution ignores trafficDistribution",
			31: "error: trafficDistribution cannot be PreferSameZone in Kubernetes 1.31: it must be PreferClose",
			33: "error: trafficDistribution cannot be PreferSameZone in Kubernetes 1.33 without feature gate PreferSameTrafficDistribution: it must be PreferClose",
			34: "",
		}},
		"PreferClose": {distribution("PreferClose"), "NP018 NP504", map[kubernetes.Version]string{
			0: closeRenamed, 31: "", 33: "", 34: closeRenamed, 37: closeRenamed,
		}},
		"a misspelled distribution": {distribution("Prefer"), "NP018 NP504", map[kubernetes.Version]string{
			0:  "error: trafficDistribution cannot be Prefer: it must be PreferSameZone, PreferSameNode or PreferClose",
			32: "error: trafficDistribution cannot be Prefer: it must be PreferClose",
			30: "warning: Kubernetes 1.30 without feature gate ServiceTrafficDistribution ignores trafficDistribution",
		}},
		"leading zeros": {externalIP("010.0.0.1"), "NP023", map[kubernetes.Version]string{
			0: "warning: 010.0.0.1 has leading zeros, which Kubernetes refuses since 1.36", 35: "", 36: "error: 010.0.0.1 has leading zeros",
		}},
		"IPv4 as IPv6": {externalIP("::ffff:10.0.0.1"), "NP023", map[kubernetes.Version]string{
			35: "", 36: "error: ::ffff:10.0.0.1 has an IPv4 address in IPv6 notation",
		}},
		"a loopback address with leading zeros": {externalIP("127.000.0.1"), "NP023", map[kubernetes.Version]string{
			35: "error: 127.000.0.1 cannot be an external IP: it is a loopback address",
		}},
		"external IPs": {externalIP("203.0.113.7"), "NP504", map[kubernetes.Version]string{
			0: "warning: externalIPs is deprecated, and clusters may ignore it", 35: "", 36: "warning: externalIPs is deprecated, and clusters may ignore it",
		}},
		"a range with bits beyond its prefix": {ranges("203.0.113.7/24"), "NP023", map[kubernetes.Version]string{
			0: "warning: 203.0.113.7/24 has bits beyond its prefix, which Kubernetes refuses since 1.36", 35: "", 37: "error: 203.0.113.7/24 has bits beyond its prefix",
		}},
		"a range with leading zeros": {ranges("010.0.0.0/8"), "NP023", map[kubernetes.Version]string{35: "", 37: "error: 010.0.0.0/8 has leading zeros"}},
		"the kubelet's port": {kubelet, "NP004", map[kubernetes.Version]string{
			0: "", 32: "error: port 10250 is the kubelet's: Kubernetes 1.32 refuses it in a service of type LoadBalancer", 33: "",
		}},
	} {
		for version, want := range test.want {
			t.Run(fmt.Sprintf("%s in %s", name, version), func(t *testing.T) {
				service := service(test.change)
				s := cluster(around()...)
				s.Kubernetes = version
				var got []string
				for _, f := range New(s).Service(service) {
					if strings.Contains(test.ids, f.ID) {
						got = append(got, fmt.Sprintf("%s: %s", f.Severity, f.Message))
					}
				}
				if strings.Join(got, "\n") != want {
					t.Errorf("found %q, want %q", got, want)
				}
			})
		}
	}
}
