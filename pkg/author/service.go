// Package author creates NodePort services: from a pod or a workload, and the
// options of the user, to the Service that exposes it on node ports.
//
// A Source says what is exposed; FromPod and FromWorkload make one. Options say
// what the user wants to be different. Service combines them:
//
//	source := author.FromPod(snapshot, pod)
//	service, err := author.Service(source, author.Options{NodePort: 30033})
//
// The package is pure: no files, no network. It leaves out all fields that the
// API server sets by default.
package author

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Service returns the NodePort service that exposes source as options say.
// Fields that the API server sets by default are left out: an empty protocol
// means TCP, and the API server allocates a node port for zero. The errors name
// the option or the field that is wrong, and what to do.
func Service(source Source, options Options) (*corev1.Service, error) {
	if err := options.validate(); err != nil {
		return nil, err
	}
	name, err := source.serviceName(options.Name)
	if err != nil {
		return nil, err
	}
	selector, err := source.selector(options.Selector)
	if err != nil {
		return nil, err
	}
	ports, err := source.ports(selector, options)
	if err != nil {
		return nil, err
	}
	service := &corev1.Service{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Namespace:   source.Ref.Namespace,
			Labels:      merged(source.Labels, options.Labels),
			Annotations: merged(nil, options.Annotations),
		},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Selector: selector, Ports: ports},
	}
	options.complete(&service.Spec)
	return service, nil
}

// merged returns the union of two maps in a new one, nil when it is empty. The
// second overrides the first.
func merged(first, second map[string]string) map[string]string {
	if len(first)+len(second) == 0 {
		return nil
	}
	union := make(map[string]string, len(first)+len(second))
	maps.Copy(union, first)
	maps.Copy(union, second)
	return union
}
