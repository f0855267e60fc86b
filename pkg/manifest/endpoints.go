package manifest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// buildSlices gives every service with a selector the EndpointSlices that the
// endpointslice controller would write, unless the manifests hold slices of it.
//
// The rules are those of k8s.io/endpointslice: which pods are endpoints
// (util/controller_utils.go, ShouldPodBeInEndpoints), which port of a pod is
// meant (utils.go, FindPort), what their conditions are (utils.go,
// podToEndpoint), one slice for each address family and set of ports
// (reconciler.go). Unlike there a slice has no limit of endpoints, and a pod
// counts though its node is in no manifest.
func (b *builder) buildSlices() {
	pods := &snapshot.Snapshot{Pods: b.snapshot.Pods, Slices: b.snapshot.Slices, Nodes: b.snapshot.Nodes}
	var built []*discoveryv1.EndpointSlice
	for _, service := range b.snapshot.Services {
		if len(pods.SlicesOf(service.Namespace, service.Name)) > 0 {
			continue
		}
		ref := snapshot.RefOf("Service", service)
		var slices []*discoveryv1.EndpointSlice
		if len(service.Spec.Selector) > 0 && service.Spec.Type != corev1.ServiceTypeExternalName {
			slices = slicesOf(service, pods)
		} else {
			slices = b.mirror(service)
		}
		for i, slice := range slices {
			slice.Name = fmt.Sprintf("%s-%d", service.Name, i+1)
			b.origins[snapshot.RefOf("EndpointSlice", slice)] = b.origins[ref]
		}
		built = append(built, slices...)
	}
	b.snapshot.Slices = append(b.snapshot.Slices, built...)
}

// slicesOf builds the slices of a service from its pods.
func slicesOf(service *corev1.Service, s *snapshot.Snapshot) []*discoveryv1.EndpointSlice {
	pods := s.PodsMatching(service.Namespace, service.Spec.Selector)
	var all []*discoveryv1.EndpointSlice
	for _, family := range service.Spec.IPFamilies {
		byPorts := make(map[string]*discoveryv1.EndpointSlice)
		var slices []*discoveryv1.EndpointSlice
		for _, pod := range pods {
			addresses := addressesOf(pod, family)
			if isTerminal(pod) || len(addresses) == 0 {
				continue
			}
			ports := endpointPorts(service, pod)
			slice := byPorts[portsKey(ports)]
			if slice == nil {
				slice = newSlice(service, family, ports)
				byPorts[portsKey(ports)] = slice
				slices = append(slices, slice)
			}
			slice.Endpoints = append(slice.Endpoints, endpoint(service, pod, s.Node(pod.Spec.NodeName), addresses))
		}
		if len(slices) == 0 {
			slices = append(slices, newSlice(service, family, nil))
		}
		all = append(all, slices...)
	}
	return all
}

func newSlice(service *corev1.Service, family corev1.IPFamily, ports []discoveryv1.EndpointPort) *discoveryv1.EndpointSlice {
	return &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: service.Namespace,
			Labels: map[string]string{
				discoveryv1.LabelServiceName: service.Name,
				discoveryv1.LabelManagedBy:   "endpointslice-controller.k8s.io",
			},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "v1", Kind: "Service", Name: service.Name, Controller: new(true), BlockOwnerDeletion: new(true),
			}},
		},
		AddressType: discoveryv1.AddressType(family),
		Ports:       ports,
	}
}

// endpoint is a pod as an endpoint. Ready is what publishNotReadyAddresses
// says, or else a pod that is ready and not on its way out.
func endpoint(service *corev1.Service, pod *corev1.Pod, node *corev1.Node, addresses []string) discoveryv1.Endpoint {
	serving := isPodReady(pod)
	terminating := pod.DeletionTimestamp != nil
	e := discoveryv1.Endpoint{
		Addresses: addresses,
		Conditions: discoveryv1.EndpointConditions{
			Ready:       new(service.Spec.PublishNotReadyAddresses || serving && !terminating),
			Serving:     new(serving),
			Terminating: new(terminating),
		},
		TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
	}
	if pod.Spec.NodeName != "" {
		e.NodeName = new(pod.Spec.NodeName)
	}
	if node != nil && node.Labels[corev1.LabelTopologyZone] != "" {
		e.Zone = new(node.Labels[corev1.LabelTopologyZone])
	}
	if *e.Conditions.Ready {
		e.Hints = hints(service, e)
	}
	return e
}

// hints prefer endpoints near the client when the service asks for it.
// (k8s.io/endpointslice trafficdist/trafficdist.go)
func hints(service *corev1.Service, e discoveryv1.Endpoint) *discoveryv1.EndpointHints {
	distribution := service.Spec.TrafficDistribution
	if distribution == nil || service.Annotations[corev1.AnnotationTopologyMode] != "" {
		return nil
	}
	var hints discoveryv1.EndpointHints
	switch *distribution {
	case corev1.ServiceTrafficDistributionPreferSameNode:
		if e.NodeName != nil {
			hints.ForNodes = []discoveryv1.ForNode{{Name: *e.NodeName}}
		}
	case corev1.ServiceTrafficDistributionPreferClose, corev1.ServiceTrafficDistributionPreferSameZone:
	default:
		return nil
	}
	if e.Zone != nil {
		hints.ForZones = []discoveryv1.ForZone{{Name: *e.Zone}}
	}
	if hints.ForNodes == nil && hints.ForZones == nil {
		return nil
	}
	return &hints
}

func isPodReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(condition corev1.PodCondition) bool {
		return condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
	})
}

func isTerminal(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// addressesOf are the pod's addresses of a family.
func addressesOf(pod *corev1.Pod, family corev1.IPFamily) []string {
	podIPs := pod.Status.PodIPs
	if len(podIPs) == 0 {
		podIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
	}
	var addresses []string
	for _, podIP := range podIPs {
		if ip, err := netip.ParseAddr(podIP.IP); err == nil && familyOf(ip) == family {
			addresses = append(addresses, ip.String())
		}
	}
	return addresses
}

// endpointPorts are the service's ports as this pod has them; one that the pod
// does not have is left out.
func endpointPorts(service *corev1.Service, pod *corev1.Pod) []discoveryv1.EndpointPort {
	var ports []discoveryv1.EndpointPort
	for _, port := range service.Spec.Ports {
		if number, ok := findPort(pod, port); ok {
			ports = append(ports, discoveryv1.EndpointPort{
				Name: new(port.Name), Port: new(number), Protocol: new(port.Protocol), AppProtocol: port.AppProtocol,
			})
		}
	}
	return ports
}

// findPort returns the port of a pod that a service's target port means: a
// number as it is, a name where a container, or else a sidecar, declares it
// with the same protocol.
func findPort(pod *corev1.Pod, port corev1.ServicePort) (int32, bool) {
	if port.TargetPort.Type == intstr.Int {
		return port.TargetPort.IntVal, true
	}
	containers := slices.Clone(pod.Spec.Containers)
	for _, c := range pod.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			containers = append(containers, c)
		}
	}
	for _, c := range containers {
		for _, declared := range c.Ports {
			if declared.Name == port.TargetPort.StrVal && declared.Protocol == port.Protocol {
				return declared.ContainerPort, true
			}
		}
	}
	return 0, false
}

// portsKey tells sets of ports apart.
func portsKey(ports []discoveryv1.EndpointPort) string {
	var key strings.Builder
	for _, port := range ports {
		fmt.Fprintf(&key, "%q %d %s,", *port.Name, *port.Port, *port.Protocol)
	}
	return key.String()
}
