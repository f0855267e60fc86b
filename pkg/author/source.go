package author

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Source is what a service exposes.
type Source struct {
	// Ref is the pod or workload itself; the service gets its namespace.
	Ref snapshot.Ref
	// Name is what the service is named after. It need not be valid as a name
	// of a service.
	Name string
	// Labels are the labels of the service.
	Labels map[string]string
	// Selector is the selector of the service; nil when SelectorErr says why
	// there can be none. A selector that the user gives overrides both.
	Selector    map[string]string
	SelectorErr error
	// Pod declares the ports.
	Pod corev1.PodSpec

	// peers holds the pods that a selector may match in addition to a bare pod;
	// nil for a workload, whose template describes all its pods.
	peers *snapshot.Snapshot
}

// FromWorkload returns the source for a workload: its selector and the ports of
// its template. The source shares memory with the workload.
func FromWorkload(w *snapshot.Workload) Source {
	source := Source{Ref: w.Ref, Name: w.Name, Labels: clean(w.Labels), Pod: w.Template.Spec}
	source.Selector, source.SelectorErr = workloadSelector(w)
	return source
}

// FromPod returns the source for a pod. If the pod belongs to a workload, the
// workload is the source, since the pod will be replaced. If the snapshot does
// not hold the workload, the selector is made from the pod's labels, without
// those that controllers set, and the service is named after the workload.
func FromPod(s *snapshot.Snapshot, pod *corev1.Pod) Source {
	owner, owned := s.OwnerOf(pod)
	if owned {
		if workload := s.Workload(owner.Kind, owner.Namespace, owner.Name); workload != nil {
			return FromWorkload(workload)
		}
	}
	source := Source{
		Ref:    snapshot.RefOf("Pod", pod),
		Name:   pod.Name,
		Labels: clean(pod.Labels),
		Pod:    pod.Spec,
		peers:  s,
	}
	// A static pod is controlled by its node, which is no name for a service.
	if owned && owner.Kind != "Node" {
		source.Name = familyName(owner.Name, pod.Labels)
	}
	source.Selector, source.SelectorErr = podSelector(pod)
	return source
}

// familyName returns a controller's name without the hash that a Deployment
// appends to the names of its ReplicaSets.
func familyName(controller string, podLabels map[string]string) string {
	if hash := podLabels[appsv1.DefaultDeploymentUniqueLabelKey]; hash != "" {
		return strings.TrimSuffix(controller, "-"+hash)
	}
	return controller
}

// serviceName returns the name that the user gave, or else the source's name
// made valid.
func (s Source) serviceName(given string) (string, error) {
	if given == "" {
		name := validName(s.Name)
		if name == "" {
			return "", fmt.Errorf("cannot derive a service name from %q, because it has no letter; give one with --name", s.Name)
		}
		return name, nil
	}
	// Since Kubernetes 1.36 a service's name may start with a digit
	// (RelaxedServiceNameValidation). An older API server says so itself.
	if problems := validation.IsDNS1123Label(given); len(problems) > 0 {
		return "", fmt.Errorf("%q is not a valid service name: use at most %d lower-case letters, digits and '-', "+
			"and begin and end with a letter or digit", given, validation.DNS1123LabelMaxLength)
	}
	return given, nil
}

// validName returns the part of name that every API server accepts as the name
// of a service: at most 63 lower-case letters, digits and hyphens, the first a
// letter. It is empty when nothing is left.
func validName(name string) string {
	name = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
	name = strings.TrimLeft(name, "-0123456789")
	name = name[:min(len(name), validation.DNS1035LabelMaxLength)]
	return strings.TrimRight(name, "-")
}

// typeName returns an object as users type it: "deployment/web".
func typeName(ref snapshot.Ref) string { return strings.ToLower(ref.Kind) + "/" + ref.Name }
