// Package author writes services for people: from a pod or a workload, and
// what they ask for beyond it, to the Service that exposes it on node ports.
// It is pure, and leaves out what the API server fills in by itself.
package author

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Service writes the NodePort service for source, with all that options give.
// Fields that the API server would set by itself are left out: an empty
// protocol means TCP, and a node port of zero is one of the API server's choice.
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
// second wins.
func merged(first, second map[string]string) map[string]string {
	if len(first)+len(second) == 0 {
		return nil
	}
	union := make(map[string]string, len(first)+len(second))
	maps.Copy(union, first)
	maps.Copy(union, second)
	return union
}
