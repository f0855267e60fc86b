package manifest

import (
	"cmp"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Addresses for what no manifest gives an address to. They are an example, and
// those of no cluster in particular. Cluster IPs are taken above the first 256,
// where clusters have their DNS and what people choose themselves.
const (
	podNetwork4, podNetwork6         = "10.2.0.0", "fd00:10:2::"
	serviceNetwork4, serviceNetwork6 = "10.3.0.0", "fd00:10:3::"
	firstClusterIP                   = 256
	networkSize                      = 1 << 16
)

// fillClusterIPs gives services their IP families and cluster IPs.
// (k8s.io/kubernetes pkg/registry/core/service/storage/alloc.go, initIPFamilyFields)
func (b *builder) fillClusterIPs(services []*corev1.Service) {
	b.families = b.clusterFamilies(services)
	taken := make(map[string]bool)
	for _, service := range services {
		if service.Spec.ClusterIP != "" && len(service.Spec.ClusterIPs) == 0 {
			service.Spec.ClusterIPs = []string{service.Spec.ClusterIP}
		}
		for _, ip := range service.Spec.ClusterIPs {
			taken[ip] = true
		}
	}
	for _, service := range services {
		if service.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		service.Spec.IPFamilies = b.familiesOf(&service.Spec)
		if service.Spec.IPFamilyPolicy == nil {
			service.Spec.IPFamilyPolicy = new(policyOf(service.Spec.IPFamilies))
		}
		b.fillClusterIP(service, taken)
	}
}

func (b *builder) fillClusterIP(service *corev1.Service, taken map[string]bool) {
	spec := &service.Spec
	for i, family := range spec.IPFamilies {
		if slices.Contains(spec.ClusterIPs, corev1.ClusterIPNone) || i < len(spec.ClusterIPs) {
			continue
		}
		spec.ClusterIPs = append(spec.ClusterIPs, freeClusterIP(family, service.Namespace+"/"+service.Name, taken))
		b.assumed.add(service, "spec.clusterIP")
	}
	if len(spec.ClusterIPs) > 0 {
		spec.ClusterIP = spec.ClusterIPs[0]
	}
}

func freeClusterIP(family corev1.IPFamily, key string, taken map[string]bool) string {
	network := serviceNetwork4
	if family == corev1.IPv6Protocol {
		network = serviceNetwork6
	}
	const size = networkSize - firstClusterIP - 1
	for i := range size {
		offset := firstClusterIP + (int(hash(key)%size)+i)%size
		if ip := addressIn(network, offset).String(); !taken[ip] {
			taken[ip] = true
			return ip
		}
	}
	return ""
}

// addressIn is the address at an offset below networkSize in a network.
func addressIn(network string, offset int) netip.Addr {
	bytes := netip.MustParseAddr(network).AsSlice()
	bytes[len(bytes)-2], bytes[len(bytes)-1] = byte(offset>>8), byte(offset)
	address, _ := netip.AddrFromSlice(bytes)
	return address
}

// familiesOf is the IP families of a service: given, told by its cluster IPs,
// or else those that its policy makes of the cluster's.
func (b *builder) familiesOf(spec *corev1.ServiceSpec) []corev1.IPFamily {
	families := slices.Clone(spec.IPFamilies)
	for i := len(families); i < len(spec.ClusterIPs); i++ {
		if ip, err := netip.ParseAddr(spec.ClusterIPs[i]); err == nil {
			families = append(families, familyOf(ip))
		}
	}
	if len(families) == 0 {
		families = b.families[:1:1]
	}
	policy := spec.IPFamilyPolicy
	dual := policy != nil && (*policy == corev1.IPFamilyPolicyRequireDualStack ||
		*policy == corev1.IPFamilyPolicyPreferDualStack && len(b.families) > 1)
	if dual && len(families) == 1 {
		families = append(families, otherFamily(families[0]))
	}
	return families
}

func policyOf(families []corev1.IPFamily) corev1.IPFamilyPolicy {
	if len(families) > 1 {
		return corev1.IPFamilyPolicyRequireDualStack
	}
	return corev1.IPFamilyPolicySingleStack
}

// clusterFamilies are the families of the cluster: those of its nodes'
// addresses, and those that a service insists on. Without either it is IPv4.
func (b *builder) clusterFamilies(services []*corev1.Service) []corev1.IPFamily {
	var families []corev1.IPFamily
	add := func(family corev1.IPFamily) {
		if !slices.Contains(families, family) {
			families = append(families, family)
		}
	}
	for _, node := range b.snapshot.Nodes {
		for _, ip := range nodeIPs(node) {
			add(familyOf(ip))
		}
	}
	if len(families) == 0 {
		add(corev1.IPv4Protocol)
	}
	for _, service := range services {
		for _, family := range service.Spec.IPFamilies {
			add(family)
		}
		if p := service.Spec.IPFamilyPolicy; p != nil && *p == corev1.IPFamilyPolicyRequireDualStack {
			add(otherFamily(families[0]))
		}
	}
	return families
}

// nodeIPs are the internal addresses of a node.
func nodeIPs(node *corev1.Node) []netip.Addr {
	var ips []netip.Addr
	for _, address := range node.Status.Addresses {
		ip, err := netip.ParseAddr(address.Address)
		if err == nil && address.Type == corev1.NodeInternalIP {
			ips = append(ips, ip)
		}
	}
	return ips
}

func familyOf(ip netip.Addr) corev1.IPFamily {
	if ip.Unmap().Is4() {
		return corev1.IPv4Protocol
	}
	return corev1.IPv6Protocol
}

func otherFamily(family corev1.IPFamily) corev1.IPFamily {
	if family == corev1.IPv4Protocol {
		return corev1.IPv6Protocol
	}
	return corev1.IPv4Protocol
}

func compareRefs(a, b snapshot.Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}
