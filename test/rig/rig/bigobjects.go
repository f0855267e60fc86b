package rig

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The default node port range.
const (
	firstNodePort = 30000
	lastNodePort  = 32767
)

const (
	bigPort         = 80
	bigTargetPort   = 8080
	endpointsASlice = 100 // as the endpoint slice controller has it
)

// One service in ten routes to its node's own pods only, and one pod in
// twenty-five is not ready.
const (
	localEvery    = 10
	notReadyEvery = 25
)

func bigNode(i int) *corev1.Node {
	name, addr := bigNodeName(i), bigNodeAddr(i)
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("8"),
		corev1.ResourceMemory: resource.MustParse("32Gi"),
		corev1.ResourcePods:   resource.MustParse("110"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			corev1.LabelHostname:     name,
			corev1.LabelTopologyZone: fmt.Sprintf("zone-%d", i%3),
		}},
		Status: corev1.NodeStatus{
			Capacity: capacity, Allocatable: capacity,
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady"}},
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: addr},
				{Type: corev1.NodeHostName, Address: name},
			},
		},
	}
}

func bigNodeName(i int) string { return fmt.Sprintf("node-%d", i) }

func bigNodeAddr(i int) string { return fmt.Sprintf("10.64.%d.%d", i/250, i%250+1) }

func bigPodAddr(i int) string {
	return fmt.Sprintf("10.%d.%d.%d", 128+i/62500, i/250%250, i%250+1)
}

// service returns the number of the service that a pod belongs to.
func (z Size) service(pod int) int { return pod % max(z.Services, 1) }

// node returns the number of the node that a pod is on.
func (z Size) node(pod int) int { return pod % max(z.Nodes, 1) }

func (z Size) meta(service int, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: fmt.Sprintf("big-%d", service%max(z.Namespaces, 1)),
		Name:      name,
		Labels:    map[string]string{"app": fmt.Sprintf("app-%d", service), "tier": fmt.Sprintf("tier-%d", service%5)},
	}
}

func bigReady(pod int) bool { return pod%notReadyEvery != notReadyEvery-1 }

func (z Size) bigPod(i int) *corev1.Pod {
	ready := corev1.ConditionFalse
	if bigReady(i) {
		ready = corev1.ConditionTrue
	}
	addr := bigPodAddr(i)
	return &corev1.Pod{
		ObjectMeta: z.meta(z.service(i), fmt.Sprintf("pod-%d", i)),
		Spec: corev1.PodSpec{
			NodeName: bigNodeName(z.node(i)),
			Containers: []corev1.Container{{
				Name: "main", Image: SrvImage(), Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: bigTargetPort}},
			}},
		},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: addr, PodIPs: []corev1.PodIP{{IP: addr}},
			HostIP: bigNodeAddr(z.node(i)), HostIPs: []corev1.HostIP{{IP: bigNodeAddr(z.node(i))}},
			Conditions: []corev1.PodCondition{
				{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
				{Type: corev1.ContainersReady, Status: ready},
				{Type: corev1.PodReady, Status: ready},
			},
			ContainerStatuses: []corev1.ContainerStatus{{
				Name: "main", Image: SrvImage(), Ready: bigReady(i), Started: new(true),
				State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
			}},
		},
	}
}

func (z Size) bigService(i int) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: z.meta(i, fmt.Sprintf("service-%d", i)),
		Spec: corev1.ServiceSpec{
			Type:     corev1.ServiceTypeClusterIP,
			Selector: map[string]string{"app": fmt.Sprintf("app-%d", i)},
			Ports:    []corev1.ServicePort{{Name: "http", Port: bigPort, TargetPort: intstr.FromString("http")}},
		},
	}
	if port := firstNodePort + i; port <= lastNodePort {
		s.Spec.Type = corev1.ServiceTypeNodePort
		s.Spec.Ports[0].NodePort = int32(port)
		if i%localEvery == localEvery-1 {
			s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyLocal
		}
	}
	return s
}

// bigSlices returns the endpoint slices of a service that was made.
func (z Size) bigSlices(i int, s *corev1.Service) []*discoveryv1.EndpointSlice {
	var slices []*discoveryv1.EndpointSlice
	for pod := i; pod < z.Pods; pod += max(z.Services, 1) {
		if n := len(slices); n == 0 || len(slices[n-1].Endpoints) == endpointsASlice {
			slices = append(slices, z.emptySlice(i, n, s))
		}
		last := slices[len(slices)-1]
		last.Endpoints = append(last.Endpoints, z.bigEndpoint(pod, s.Namespace))
	}
	return slices
}

func (z Size) emptySlice(i, n int, s *corev1.Service) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  z.meta(i, fmt.Sprintf("%s-%d", s.Name, n)),
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: new("http"), Port: new(int32(bigTargetPort)), Protocol: new(corev1.ProtocolTCP)}},
	}
	slice.Labels[discoveryv1.LabelServiceName] = s.Name
	slice.Labels[discoveryv1.LabelManagedBy] = "endpointslice-controller.k8s.io"
	slice.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(s, corev1.SchemeGroupVersion.WithKind("Service"))}
	return slice
}

func (z Size) bigEndpoint(pod int, namespace string) discoveryv1.Endpoint {
	return discoveryv1.Endpoint{
		Addresses: []string{bigPodAddr(pod)},
		Conditions: discoveryv1.EndpointConditions{
			Ready: new(bigReady(pod)), Serving: new(bigReady(pod)), Terminating: new(false),
		},
		NodeName:  new(bigNodeName(z.node(pod))),
		TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: namespace, Name: fmt.Sprintf("pod-%d", pod)},
	}
}
