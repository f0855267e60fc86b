// Package check tells why a service cannot be reached at its node ports: its
// rules turn a snapshot into findings, each with its cause and its fix. It is
// pure, and walks each object a fixed number of times.
package check

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-nodeport/kubectl-nodeport/pkg/snapshot"
)

// Severity is how bad a finding is.
type Severity int

const (
	// Info is worth knowing; nothing has to be done.
	Info Severity = iota + 1
	// Warning is what may keep traffic from arriving, or will later.
	Warning
	// Error is what the API server refuses, or what keeps traffic from arriving.
	Error
)

// String returns the severity as it is printed: "info", "warning" or "error".
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return "none"
}

// Finding is one thing that is wrong with a service, or worth knowing.
type Finding struct {
	// ID names the rule, such as "NP101". It never changes its meaning.
	ID       string
	Severity Severity
	// Service is the service that was checked.
	Service snapshot.Ref
	// Object is what the finding is about: the service, or what stands in its way.
	Object snapshot.Ref
	// Field is written as the API server does: "spec.ports[0].nodePort". It
	// is empty when the finding is about the whole object.
	Field string
	// Position is where the field stands in a file, zero when in none.
	Position snapshot.Position
	// Message is the cause in one sentence.
	Message string
	// Fix is what to do: a command or patch to paste, or a sentence. It may be empty.
	Fix string
	// Passing tells that the cause lies in the state of pods or nodes at this
	// moment, not in what the service says. It keeps traffic from arriving,
	// but is no reason not to create the service.
	Passing bool
	// Confidence is how sure the cause is of what the network answered:
	// "high", "medium" or "low". It is empty for what objects say.
	Confidence string
}

// Stops tells whether a service with this finding should not be created or
// applied: an error that does not pass by itself.
func (f Finding) Stops() bool { return f.Severity == Error && !f.Passing }

// Refused tells whether it is about something that the API server refuses: a
// field, or a node port that is out of range or taken.
func (f Finding) Refused() bool {
	return f.Stops() && (f.ID < "NP1" || f.ID == "NP101" || f.ID == NodePortTaken || f.ID == "NP103")
}

// Services returns what Run finds in all services of the snapshot that ask for
// a node port.
func Services(s *snapshot.Snapshot) []Finding {
	asking := slices.DeleteFunc(slices.Clone(s.Services), func(service *corev1.Service) bool { return !WantsNodePort(service) })
	return Run(Input{Snapshot: s, Services: asking})
}

// WantsNodePort tells whether the author of a service wants it to be reached
// at a node port, which a service of another type that names one does too.
func WantsNodePort(service *corev1.Service) bool {
	if service.Spec.Type == corev1.ServiceTypeNodePort {
		return true
	}
	if service.Spec.Type == corev1.ServiceTypeLoadBalancer {
		return allocatesNodePorts(service) || hasNodePort(service)
	}
	return hasNodePort(service)
}

// allocatesNodePorts is whether the API server chooses node ports for a
// LoadBalancer service; it does unless told otherwise.
func allocatesNodePorts(service *corev1.Service) bool {
	allocate := service.Spec.AllocateLoadBalancerNodePorts
	return allocate == nil || *allocate
}

func hasNodePort(service *corev1.Service) bool {
	return slices.ContainsFunc(service.Spec.Ports, func(port corev1.ServicePort) bool { return port.NodePort != 0 })
}
