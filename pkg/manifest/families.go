package manifest

import (
	"cmp"
	"hash/fnv"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// fillClusterIPs gives services their IP families and cluster IPs.
// (k8s.io/kubernetes pkg/registry/core/service/storage/alloc.go, initIPFamilyFields)
func (b *builder) fillClusterIPs(services []*corev1.Service) {
	b.families = b.clusterFamilies(services)
	free := newClusterOffsets()
	for _, service := range services {
		if service.Spec.ClusterIP != "" && len(service.Spec.ClusterIPs) == 0 {
			service.Spec.ClusterIPs = []string{service.Spec.ClusterIP}
		}
		for _, ip := range service.Spec.ClusterIPs {
			free.take(serviceNetwork4, ip)
			free.take(serviceNetwork6, ip)
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
		b.fillClusterIP(service, free)
	}
}

func (b *builder) fillClusterIP(service *corev1.Service, free *offsets) {
	spec := &service.Spec
	given := len(spec.ClusterIPs)
	if given < len(spec.IPFamilies) && !slices.Contains(spec.ClusterIPs, corev1.ClusterIPNone) {
		offset, ok := free.next(int(hash(service.Namespace+"/"+service.Name) % networkSize))
		if !ok {
			return
		}
		for _, family := range spec.IPFamilies[given:] {
			spec.ClusterIPs = append(spec.ClusterIPs, addressIn(serviceNetwork(family), offset).String())
		}
	}
	if len(spec.ClusterIPs) > 0 {
		spec.ClusterIP = spec.ClusterIPs[0]
	}
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

func compareRefs(a, b snapshot.Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// hash tells where to begin the search for key.
func hash(key string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // a hash never fails
	return h.Sum32()
}
