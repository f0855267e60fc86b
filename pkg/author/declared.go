package author

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// declared is a port that a container of a pod declares.
type declared struct {
	name     string
	number   int32
	protocol corev1.Protocol
}

// String writes the port as `"http" (300/TCP)`, or 300/TCP without a name.
func (d declared) String() string {
	if d.name == "" {
		return fmt.Sprintf("%d/%s", d.number, d.protocol)
	}
	return fmt.Sprintf("%q (%d/%s)", d.name, d.number, d.protocol)
}

// declarations are the declared ports of a pod, in the order in which the
// control plane resolves port names: containers first, then native sidecars
// (k8s.io/endpointslice utils.go, FindPort).
type declarations []declared

func declarationsOf(pod *corev1.PodSpec) declarations {
	var all declarations
	for _, container := range pod.Containers {
		all = all.with(container.Ports)
	}
	for _, container := range pod.InitContainers {
		if policy := container.RestartPolicy; policy != nil && *policy == corev1.ContainerRestartPolicyAlways {
			all = all.with(container.Ports)
		}
	}
	return all
}

func (d declarations) with(ports []corev1.ContainerPort) declarations {
	for _, port := range ports {
		d = append(d, declared{port.Name, port.ContainerPort, protocolOf(port.Protocol)})
	}
	return d
}

// protocolOf returns the protocol, or TCP, the default, when it is empty.
func protocolOf(protocol corev1.Protocol) corev1.Protocol {
	if protocol == "" {
		return corev1.ProtocolTCP
	}
	return protocol
}

// distinct returns one declaration for each number and protocol: the first one
// that has a name, or else the first.
func (d declarations) distinct() declarations {
	var distinct declarations
	for _, port := range d {
		i := slices.IndexFunc(distinct, func(other declared) bool {
			return other.number == port.number && other.protocol == port.protocol
		})
		switch {
		case i < 0:
			distinct = append(distinct, port)
		case distinct[i].name == "":
			distinct[i].name = port.name
		}
	}
	return distinct
}

// find returns the first declaration that fits; TCP takes precedence.
func (d declarations) find(fits func(declared) bool) (declared, bool) {
	first := -1
	for i, port := range d {
		if !fits(port) {
			continue
		}
		if port.protocol == corev1.ProtocolTCP {
			return port, true
		}
		if first < 0 {
			first = i
		}
	}
	if first < 0 {
		return declared{}, false
	}
	return d[first], true
}

// carries reports whether a port of this name and protocol is declared.
func (d declarations) carries(name string, protocol corev1.Protocol) bool {
	return slices.ContainsFunc(d, func(port declared) bool {
		return port.name == name && port.protocol == protocol
	})
}

// ambiguous reports whether the port's name is also declared with another
// number. The control plane then uses the first one.
func (d declarations) ambiguous(port declared) bool {
	return slices.ContainsFunc(d, func(other declared) bool {
		return other.name == port.name && other.protocol == port.protocol && other.number != port.number
	})
}

// String lists the ports for a message.
func (d declarations) String() string {
	list := make([]string, len(d))
	for i, port := range d {
		list[i] = port.String()
	}
	return strings.Join(list, ", ")
}
