package author

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Options are what the user asks for in addition to the source. A zero field
// comes from the source, or is left to the API server.
type Options struct {
	Name string
	// Labels are added to those of the source and override them.
	Labels, Annotations map[string]string
	// Selector replaces that of the source.
	Selector map[string]string
	// Ports replace the declared ones.
	Ports []PortSpec
	// NodePort is for a service with one service port.
	NodePort int32

	ExternalTrafficPolicy corev1.ServiceExternalTrafficPolicy
	InternalTrafficPolicy corev1.ServiceInternalTrafficPolicy

	SessionAffinity corev1.ServiceAffinity
	// AffinityTimeout is in whole seconds, and implies ClientIP affinity.
	AffinityTimeout time.Duration

	IPFamilies     []corev1.IPFamily
	IPFamilyPolicy corev1.IPFamilyPolicy

	// AppProtocols are by port name; the name "" means the only port.
	AppProtocols map[string]string

	PublishNotReadyAddresses bool
}

// validate returns an error for options that the API server would refuse.
func (o Options) validate() error {
	return first(
		func() error { return validLabels("label", o.Labels) },
		func() error { return validLabels("selector", o.Selector) },
		func() error { return validAnnotations(o.Annotations) },
		o.validNodePort, o.validAffinity, o.validFamilies,
	)
}

// first returns the first error of the checks, which run in order.
func first(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (o Options) validNodePort() error {
	if o.NodePort < 0 || o.NodePort > maxPort {
		return fmt.Errorf("node port %d is not between 1 and %d", o.NodePort, maxPort)
	}
	return nil
}

func (o Options) validAffinity() error {
	const longest = 24 * time.Hour
	switch {
	case o.AffinityTimeout == 0:
		return nil
	case o.SessionAffinity == corev1.ServiceAffinityNone:
		return fmt.Errorf("session affinity %q has no timeout; use %q", o.SessionAffinity, corev1.ServiceAffinityClientIP)
	case o.AffinityTimeout < time.Second || o.AffinityTimeout > longest || o.AffinityTimeout%time.Second != 0:
		return fmt.Errorf("session affinity timeout %s is not a whole number of seconds between 1s and 24h", o.AffinityTimeout)
	}
	return nil
}

func (o Options) validFamilies() error {
	if len(o.IPFamilies) > 2 || len(o.IPFamilies) == 2 && o.IPFamilies[0] == o.IPFamilies[1] {
		return fmt.Errorf("IP families %q are not one or both of %q and %q", o.IPFamilies, corev1.IPv4Protocol, corev1.IPv6Protocol)
	}
	if len(o.IPFamilies) == 2 && o.IPFamilyPolicy == corev1.IPFamilyPolicySingleStack {
		return fmt.Errorf("IP family policy %q allows one IP family, not both", o.IPFamilyPolicy)
	}
	return nil
}

func validLabels(what string, labels map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if problems := validation.IsQualifiedName(key); len(problems) > 0 {
			return fmt.Errorf("%s %q: bad key: %s", what, key+"="+labels[key], problems[0])
		}
		if problems := validation.IsValidLabelValue(labels[key]); len(problems) > 0 {
			return fmt.Errorf("%s %q: bad value: %s", what, key+"="+labels[key], problems[0])
		}
	}
	return nil
}

// validAnnotations leaves the limit on their total size to the API server.
func validAnnotations(annotations map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if problems := validation.IsQualifiedName(strings.ToLower(key)); len(problems) > 0 {
			return fmt.Errorf("annotation %q: bad key: %s", key, problems[0])
		}
	}
	return nil
}

// complete sets the fields of spec that were given.
func (o Options) complete(spec *corev1.ServiceSpec) {
	spec.ExternalTrafficPolicy = o.ExternalTrafficPolicy
	spec.PublishNotReadyAddresses = o.PublishNotReadyAddresses
	spec.IPFamilies = slices.Clone(o.IPFamilies)
	spec.SessionAffinity = o.SessionAffinity
	if o.InternalTrafficPolicy != "" {
		spec.InternalTrafficPolicy = &o.InternalTrafficPolicy
	}
	policy := o.IPFamilyPolicy
	if policy == "" && len(o.IPFamilies) == 2 {
		// The API server refuses two families without a policy.
		policy = corev1.IPFamilyPolicyRequireDualStack
	}
	if policy != "" {
		spec.IPFamilyPolicy = &policy
	}
	if o.AffinityTimeout != 0 {
		seconds := int32(o.AffinityTimeout / time.Second)
		spec.SessionAffinity = corev1.ServiceAffinityClientIP
		spec.SessionAffinityConfig = &corev1.SessionAffinityConfig{
			ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: &seconds},
		}
	}
}
