package check

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// subject is the service that the rules look at, with what they all need.
type subject struct {
	*checker
	ref snapshot.Ref
	// service carries the API server's defaults, and written does not.
	service, written *corev1.Service
	// current is the live service that this one is or replaces; nil for one
	// that no API server holds yet.
	current *corev1.Service
	// live tells that the service is the live one, so that a fix is a command.
	live bool
	// backends are the pods behind the service.
	backends []backend
	// requests are the ports of the range that the service asks for, and held
	// those that the live one has: the allocator is not asked for them again
	// (k8s.io/kubernetes pkg/registry/core/service/storage/alloc.go, updateNodePorts).
	requests []nodePortRequest
	held     map[int32]bool
	// suggested are free ports for the requests, by ordinal. They are chosen
	// when the first fix asks for one.
	suggested map[int]int32
}

// backend is a pod that a service selects, or the template of pods to be when
// there is none yet.
type backend struct {
	// ref is the pod or the workload with the template.
	ref snapshot.Ref
	// owner is the workload; the pod itself when it has none.
	owner  snapshot.Ref
	labels map[string]string
	spec   *corev1.PodSpec
	// pod is nil for a template.
	pod *corev1.Pod
}

func newSubject(c *checker, service *corev1.Service) *subject {
	x := &subject{
		checker: c,
		ref:     snapshot.RefOf("Service", service),
		service: withDefaults(service),
		written: service,
		live:    service.UID != "",
	}
	if before := c.Before(service.Namespace, service.Name); before != nil {
		x.current = before
	} else if held := c.Service(service.Namespace, service.Name); held != nil && held.UID != "" {
		x.current = held
	}
	x.requests, x.held = requestsOf(x), heldBy(x.current)
	if service.Spec.Type != corev1.ServiceTypeExternalName {
		x.backends = c.backendsOf(service.Namespace, service.Spec.Selector)
	}
	return x
}

// hasTarget tells whether a port names its target port.
func hasTarget(port *corev1.ServicePort) bool {
	return port.TargetPort != intstr.FromInt32(0) && port.TargetPort != intstr.FromString("")
}

// withDefaults returns a copy of the service with those defaults of the API
// server that the rules read
// (k8s.io/kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Service).
func withDefaults(service *corev1.Service) *corev1.Service {
	full := *service
	if full.Spec.Type == "" {
		full.Spec.Type = corev1.ServiceTypeClusterIP
	}
	full.Spec.Ports = make([]corev1.ServicePort, len(service.Spec.Ports))
	for i, port := range service.Spec.Ports {
		if port.Protocol == "" {
			port.Protocol = corev1.ProtocolTCP
		}
		if !hasTarget(&port) {
			port.TargetPort = intstr.FromInt32(port.Port)
		}
		full.Spec.Ports[i] = port
	}
	return &full
}

// portName names a port of the service in a sentence: "port http" or "port 80".
func (x *subject) portName(i int) string {
	port := &x.service.Spec.Ports[i]
	if port.Name != "" {
		return "port " + plain(port.Name)
	}
	return "port " + strconv.Itoa(int(port.Port))
}

// portField is the path of a field of a port; of the port itself when empty.
func portField(i int, field string) string {
	path := fmt.Sprintf("spec.ports[%d]", i)
	if field != "" {
		path += "." + field
	}
	return path
}

// backendsOf returns the pods that a selector matches and that can take
// traffic; when there are none, the templates of workloads that it matches.
// Pods that have ended never come back, so they do not count
// (k8s.io/endpointslice util/controller_utils.go, ShouldPodBeInEndpoints).
func (c *checker) backendsOf(namespace string, selector map[string]string) []backend {
	var backends []backend
	for _, pod := range c.PodsMatching(namespace, selector) {
		if !ended(pod) {
			backends = append(backends, backend{
				ref: snapshot.RefOf("Pod", pod), owner: c.ownerOf(pod), labels: pod.Labels, spec: &pod.Spec, pod: pod,
			})
		}
	}
	if len(backends) > 0 {
		return backends
	}
	for _, workload := range c.index.templatesMatching(namespace, selector) {
		backends = append(backends, backend{
			ref: workload.Ref, owner: workload.Ref, labels: workload.Template.Labels, spec: &workload.Template.Spec,
		})
	}
	return backends
}

func ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}
